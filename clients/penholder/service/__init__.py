"""`penholder service`: the daemon as systemd keeps it, for a user or for the whole machine.

What prints is in `commands/service.py`; these modules do and tell.
"""
