"""Pages of the journal at its start and near its end: reading it should not tell them apart."""

import time
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.journal_pages import PAGES, fill
from bench.limits import Missed
from bench.plans import plans, steps
from bench.rooms import Rooms
from penholder_daemon.shell.store.database import WriterStore
from penholder_daemon.shell.store.opening import open_writer

ENTRIES = 1_000_000
NEAR_END = ENTRIES - 300_000
"""Where a page of a hundred can still be had of the rarest stream."""
MAX_RATIO = 1.5
MAX_STEPS = 500_000
"""Of one look for rare types, whatever it finds: some milliseconds."""
ROUNDS = 20


def _read(rooms: Rooms, params: dict[str, object], after: int) -> None:
    rooms.call("journal.read", {**params, "after": after, "limit": 100})


def _median_ms(rooms: Rooms, params: dict[str, object], after: int) -> float:
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        _read(rooms, params, after)
        times.append(time.perf_counter() - begun)
    return 1000 * sorted(times)[ROUNDS // 2]


def _look_at(store: WriterStore, rooms: Rooms, name: str) -> list[str]:
    """Read one kind of page at both ends, show what it cost, and return what is wrong."""
    params = PAGES[name]
    at_start, at_end = (
        steps(store, partial(_read, rooms, params, after)) for after in (0, NEAR_END)
    )
    ms = [_median_ms(rooms, params, after) for after in (0, NEAR_END)]
    limit = MAX_STEPS if "types" in params else int(MAX_RATIO * at_end)
    print(
        f"{name:24} at the start {ms[0]:6.2f} ms {at_start:7} steps (limit: {limit})"
        f"   later {ms[1]:6.2f} ms {at_end:7} steps",
        flush=True,
    )
    found = plans(store, partial(_read, rooms, params, 0))
    wrong = [f"{name}: {plan}" for plan in found if not plan.uses_indexes]
    if at_start > limit:
        wrong.append(f"{name} takes {at_start} steps at the start")
    return wrong


def main() -> None:
    """Pages of 100 of a million entries: time, SQLite's steps and plans at both ends."""
    with ExitStack() as opened:
        directory = Path(opened.enter_context(TemporaryDirectory(prefix="ph-bench-")))
        store = opened.enter_context(closing(open_writer(directory / "penholder.db")))
        fill(store, ENTRIES)
        rooms = Rooms(store)
        missed = [wrong for kind in PAGES for wrong in _look_at(store, rooms, kind)]
    if missed:
        raise Missed("\n".join(missed))
