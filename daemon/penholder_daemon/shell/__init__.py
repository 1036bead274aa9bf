"""Floor 3: the outside. Sockets, threads, processes, the clock: all that the core must not touch.

trio's loop owns the connections; one thread owns the writing connection to the database; a few
threads read. They hand work over in batches and never share anything that changes.

Its folders are wings. Imports run down this list only, which is the way of a mutation, too:
running, listening, connections, publishing, store, fairness, observing, disk, kernel, systemd.
`settings.py` stands below all of them.
"""
