"""One run of the daemon: put together, told of what falls due, and brought to its end."""
