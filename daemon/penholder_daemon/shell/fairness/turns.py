"""How much one connection takes before everybody else has a turn.

A peer that pipelines has its messages taken in pieces, with a turn of the loop between two of them.
Were a piece as large however many such peers there are, twenty of them would keep everybody else
waiting for twenty pieces. So they share one: the more there are, the smaller each one's is. Who
sends what fits into a piece, as nearly all do, is not counted among them.

Pieces are counted in messages and not in time, and who is busy by the loop's clock, so that a
simulation replays.
"""

import trio

_MESSAGES_A_TURN = 64
"""What all busy peers have taken of them in a turn, together."""
_BUSY_SECONDS = 0.1
"""So long after its last piece a peer is not counted any more."""


class Turns:
    """Shared by all connections."""

    def __init__(self) -> None:
        """Begin with nobody busy."""
        self._busy: dict[object, float] = {}
        """By when each had more than one piece last, the oldest first."""

    def note_busy(self, connection: object) -> None:
        """A connection has more to be taken than one piece."""
        self._busy.pop(connection, None)
        self._busy[connection] = trio.current_time()

    def forget(self, connection: object) -> None:
        """A connection is over."""
        self._busy.pop(connection, None)

    @property
    def piece(self) -> int:
        """How many messages of a connection are taken before others have their turn."""
        busy = self._busy
        if not busy:
            return _MESSAGES_A_TURN
        before = trio.current_time() - _BUSY_SECONDS
        while busy and busy[first := next(iter(busy))] < before:
            del busy[first]
        return max(1, _MESSAGES_A_TURN // max(1, len(busy)))
