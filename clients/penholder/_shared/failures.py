"""What goes wrong between a client and the daemon, as against what the daemon refuses.

A refusal is a `penholder_protocol.errors.PenholderError`; these are `ConnectionError`s.
"""


class DaemonUnreachable(ConnectionError):
    """No connection could be made, so nothing was asked and nothing has happened."""


class ConnectionLost(ConnectionError):
    """The connection ended before the answer came: the call was done, or it was not."""


class NotUnderstood(ConnectionLost):
    """What came is no message: whoever speaks there is no daemon, or not the only one who does.

    No other attempt mends that, so none is made.
    """
