"""What may come next on a command line: words and flags by what is there, values by asking."""
