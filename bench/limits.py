"""What a benchmark raises."""


class Missed(Exception):
    """A figure is beyond its limit, or a plan is not what it must be; the message says which."""


class Broken(Exception):
    """What was measured was not what it claims to be: an append is lost, or was not synced."""


class NotStarted(Exception):
    """A store beside ours does not start here; the message holds what it said."""
