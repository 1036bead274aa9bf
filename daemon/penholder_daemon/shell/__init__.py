"""Floor 3: the outside. Sockets, threads, processes, the clock: all that the core must not touch.

trio's loop owns the connections; one thread owns the writing connection to the database; a few
threads read. They hand work over in batches; what two of them touch is a counter or a flag that one
of them writes.

Its folders are wings. Imports run down this list only: running, listening,
connections, publishing, store, fairness, observing, disk, kernel, systemd.
`settings.py` stands below all of them.
"""
