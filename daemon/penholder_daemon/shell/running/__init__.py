"""One run of the daemon: put together, asked about itself, tended, and brought to its end."""
