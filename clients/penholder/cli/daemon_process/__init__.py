"""The daemon as a process: whether it is there, who keeps it, which program it is."""
