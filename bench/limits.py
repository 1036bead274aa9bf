"""What a benchmark raises that is held to a limit."""


class Missed(Exception):
    """A figure is beyond its limit, or a plan is not what it must be; the message says which."""
