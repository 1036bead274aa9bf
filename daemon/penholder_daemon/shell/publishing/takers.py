"""Waits of which one takes what all of them look for: they are woken one after another.

A thousand runners may wait for one queue, and a task that comes is for one of them. Were all woken,
each would try through the writer, and all but one in vain. So a turn begins with whoever has waited
longest. Who is woken tries, and then passes the turn on, unless it found nothing and nobody else
could have found anything either: there the turn ends.

No turn may be lost, or a task would lie there while runners wait for it. So whoever ends for
another reason, canceled or at its time, passes on too (`HeldTurns`). A turn goes no further than to
those who waited when it began: who came later has looked since, and a turn that went round would
never end.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import trio

from penholder_daemon.shell.publishing.by_stream import ByStream


class Turn:
    """What goes from one of them to the next, of those who waited before a moment."""

    __slots__ = ("before", "stream")

    def __init__(self, stream: str, before: int) -> None:
        """Begin for those who wait for a stream."""
        self.stream = stream
        self.before = before


class Taker:
    """One that waits; each look has a new one, which stands before it."""

    def __init__(self, takers: "Takers", streams: tuple[str, ...]) -> None:
        """Stand behind all others; `Takers.stand` makes these."""
        self._takers = takers
        self.streams = streams
        self.number = next(takers.numbers)
        self.heard = trio.Event()
        self.turns: list[Turn] = []
        """Those that have come to it and that it has not passed on."""

    def leave(self) -> list[Turn]:
        """Wait no more; returns the turns that are to be served by the next look."""
        self._takers.leave(self)
        turns, self.turns = self.turns, []
        return turns


class Takers:
    """All of them, by the streams that they wait for."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self.numbers = count()
        self._by_stream: ByStream[Taker] = ByStream()

    def __bool__(self) -> bool:
        return bool(self._by_stream)

    def stand(self, streams: tuple[str, ...]) -> Taker:
        """Have one more wait."""
        taker = Taker(self, streams)
        self._by_stream.add(streams, taker)
        return taker

    def leave(self, taker: Taker) -> None:
        """Forget one; what has come to it is its own to pass on."""
        self._by_stream.discard(taker.streams, taker)

    def begin(self, stream: str) -> None:
        """Begin a turn: there may be something in a stream."""
        if self._by_stream.of(stream):
            self.pass_on(Turn(stream, next(self.numbers)))

    def pass_on(self, turn: Turn) -> None:
        """Give a turn to the next of those who waited when it began, if there is one."""
        for taker in self._by_stream.of(turn.stream):
            if taker.number > turn.before:
                return
            # One that was woken looks anyway: what comes besides is served by the same look.
            if not taker.turns:
                taker.turns.append(turn)
                taker.heard.set()
                return


class HeldTurns:
    """The turns that have come to one wait, over all its looks; at its end none is left."""

    def __init__(self, takers: Takers) -> None:
        """Begin with none."""
        self._takers = takers
        self._held: list[Turn] = []

    def __enter__(self) -> "HeldTurns":
        return self

    def __exit__(self, *_: object) -> None:
        self._pass_on()

    @contextmanager
    def standing(self, streams: tuple[str, ...]) -> Iterator[Taker]:
        """Have the wait hear of turns; those that come are served by the look after this."""
        taker = self._takers.stand(streams)
        try:
            yield taker
        finally:
            self._held += taker.leave()

    def looked(self, *, others_may_find: bool) -> None:
        """Have served what came before the look, and let others look where that may help."""
        if others_may_find:
            self._pass_on()
        self._held.clear()

    def _pass_on(self) -> None:
        for turn in self._held:
            self._takers.pass_on(turn)
