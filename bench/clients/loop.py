"""A client's process: gets ready, waits for the others, and takes turns until its time is over."""

import multiprocessing
import multiprocessing.synchronize
import signal
import time
import traceback
from array import array
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import trio

from bench.clients.turns import MakeTurn, TrioTurn, Turn


class Taken(NamedTuple):
    """What one client did: when each turn ended (monotonic seconds) and how long it took."""

    ended: "array[float]"
    took: "array[float]"
    cpu_seconds: float
    """The client's own processor time, over all of its turns."""


class Outcome(NamedTuple):
    """What a client's process hands back: what it did, or how it failed."""

    number: int
    taken: Taken | None
    failure: str = ""


def run(
    number: int,
    make_turn: MakeTurn,
    seconds: float,
    start: "multiprocessing.synchronize.Barrier",
    outcomes: "multiprocessing.Queue[Outcome]",
) -> None:
    """Be a client for so long, once all are ready."""
    # Who interrupts the run has the parent end its clients, in silence.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        turn = make_turn()
        wait = partial(start.wait, timeout=60)
        if isinstance(turn, TrioTurn):
            taken = trio.run(_take_trio_turns, turn, seconds, wait)
        else:
            wait()
            taken = _take_turns(turn, seconds)
        outcomes.put(Outcome(number, taken))
    except BaseException:
        outcomes.put(Outcome(number, None, traceback.format_exc()))
        # The cause is to be read before what the others say of the barrier.
        outcomes.close()
        outcomes.join_thread()
        start.abort()
        raise


class _Taking:
    """Notes turns until the time is over."""

    def __init__(self, seconds: float) -> None:
        self._ended, self._took = array("d"), array("d")
        self._cpu = time.process_time()
        self._now = time.perf_counter()
        self._until = self._now + seconds

    def goes_on(self) -> bool:
        return self._now < self._until

    def note(self) -> None:
        before, self._now = self._now, time.perf_counter()
        self._ended.append(self._now)
        self._took.append(self._now - before)

    def taken(self) -> Taken:
        return Taken(self._ended, self._took, time.process_time() - self._cpu)


def _take_turns(turn: Turn, seconds: float) -> Taken:
    taking = _Taking(seconds)
    while taking.goes_on():
        turn()
        taking.note()
    return taking.taken()


async def _take_trio_turns(turn: TrioTurn, seconds: float, wait: Callable[[], object]) -> Taken:
    async with turn.opened as ask:
        wait()
        taking = _Taking(seconds)
        while taking.goes_on():
            await ask()
            taking.note()
        return taking.taken()
