"""What the daemon and systemd tell each other; without systemd nothing in here does anything.

A few lines of the standard library each: the libraries there are either lack the fd store or are
built against libsystemd.
"""
