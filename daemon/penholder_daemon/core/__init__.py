"""Floor 1: the pure core. No clock, no randomness, no threads, no sockets, no files.

What it needs of the outside it gets through two ports: `World` (time, ids, processes) and `Store`
(SQL). Rooms stand on it; the shell drives it; a test can do both with fakes.
"""
