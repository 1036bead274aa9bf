"""What goes wrong between a client and the daemon, as against what the daemon refuses.

A refusal is a `penholder_protocol.errors.PenholderError`; these two are `ConnectionError`s.
"""


class DaemonUnreachable(ConnectionError):
    """No connection could be made, so nothing was asked and nothing has happened."""


class ConnectionLost(ConnectionError):
    """The connection ended before the answer came: the call was done, or it was not."""
