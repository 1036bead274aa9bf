"""A client's process: gets ready, waits for the others, and takes turns until its time is over."""

import multiprocessing
import multiprocessing.synchronize
import signal
import time
import traceback
from array import array
from typing import NamedTuple

from bench.clients.turns import MakeTurn, Turn


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
        start.wait(timeout=60)
        outcomes.put(Outcome(number, _take_turns(turn, seconds)))
    except BaseException:
        outcomes.put(Outcome(number, None, traceback.format_exc()))
        # The cause is to be read before what the others say of the barrier.
        outcomes.close()
        outcomes.join_thread()
        start.abort()
        raise


def _take_turns(turn: Turn, seconds: float) -> Taken:
    ended, took = array("d"), array("d")
    cpu = time.process_time()
    now = time.perf_counter()
    end = now + seconds
    while now < end:
        before = now
        turn()
        now = time.perf_counter()
        ended.append(now)
        took.append(now - before)
    return Taken(ended, took, time.process_time() - cpu)
