"""The runs room: its table (`records`, `stream`) is a door for others; its calls are `methods`."""
