"""What callers reach of runs: five rooms."""
