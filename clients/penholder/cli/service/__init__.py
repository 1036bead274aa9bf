"""`penholder service`: the daemon as systemd keeps it, for a user or for the whole machine.

What prints is in `command.py`; the other modules do and tell.
"""
