"""What the awaited clients share, whether trio or asyncio runs them: all but sockets and timers.

A `Loop` is what is left for either side: its clock, its waiting, and one connection.
"""
