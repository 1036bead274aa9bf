"""The command line: `main.py` runs the command that `catalog.py` finds, or a room's verb.

Each command's parts are imported only when it is called.
"""
