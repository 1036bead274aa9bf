"""The commands room: its table (`records`) is a door for others; its calls are `methods`."""
