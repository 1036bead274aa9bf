"""How much one connection takes before everybody else has a turn.

A peer that pipelines has its messages taken in pieces, with a turn of the loop between two of them.
Were a piece as large however many such peers there are, twenty of them would keep everybody else
waiting for twenty pieces. So they share one: the more there are, the smaller each one's is, and
where it would be too small to be worth its turn only some of them go on in each, one after the
other. Who sends what fits into a piece, as nearly all do, is not counted among them.

But a thousand whose pipelines come at once are not known to be busy yet, and each first piece is
one to wait for. So of what has just come less is taken, too, the more sockets have something to be
read at the moment; the rest of it is a busy peer's.

Pieces are counted in messages and not in time, and who is busy by the loop's clock, so that a
simulation replays.
"""

import trio

_MESSAGES_A_TURN = 64
"""What all busy peers have taken of them in a turn, together."""
_LEAST_PIECE = 16
"""Of fewer, more time would go into turns than into messages."""
_GO_ON_A_TURN = _MESSAGES_A_TURN // _LEAST_PIECE
_MESSAGES_A_ROUND = 1024
"""What all whose sockets have something have taken of it before each is read again."""
_BUSY_SECONDS = 0.1
"""So long after its last piece a peer is not counted any more."""


class Turns:
    """Shared by all connections."""

    def __init__(self) -> None:
        """Begin with nobody busy."""
        self._busy: dict[object, float] = {}
        """By when each had more than one piece last, the oldest first."""
        self._ready = 0
        self._going_on = 0
        self._waiting = trio.lowlevel.ParkingLot()

    def note_ready(self, sockets: int) -> None:
        """So many sockets have something to be read."""
        self._ready = sockets

    def note_busy(self, connection: object) -> None:
        """A connection has more to be taken than one piece."""
        self._busy.pop(connection, None)
        self._busy[connection] = trio.current_time()

    def forget(self, connection: object) -> None:
        """A connection is over."""
        self._busy.pop(connection, None)

    @property
    def first_piece(self) -> int:
        """How many messages are taken of what has just come, before it is a busy peer's."""
        of_all_ready = _MESSAGES_A_ROUND // max(1, self._ready)
        return max(1, min(_MESSAGES_A_TURN // max(1, self._count_busy()), of_all_ready))

    @property
    def piece(self) -> int:
        """How many messages of a busy connection are taken before others have their turn."""
        return max(_LEAST_PIECE, _MESSAGES_A_TURN // max(1, self._count_busy()))

    def _count_busy(self) -> int:
        busy = self._busy
        if busy:
            before = trio.current_time() - _BUSY_SECONDS
            while busy and busy[first := next(iter(busy))] < before:
                del busy[first]
        return len(busy)

    async def give_away(self) -> None:
        """Let everybody else have a turn; go on in the next, or after others that are busy."""
        if self._going_on < _GO_ON_A_TURN:
            self._going_on += 1
        else:
            await self._waiting.park()  # until one that goes on leaves its place
        try:
            await trio.lowlevel.checkpoint()
        finally:
            if not self._waiting.unpark():
                self._going_on -= 1
