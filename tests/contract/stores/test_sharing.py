"""What one daemon holds in memory of a database in which another writes, too: exact, or nothing.

Two cores on two connections, each as a daemon has them. Each compares what it holds with what is
stored after every batch (`ComparedCommitter`), so whatever is done here is about that.
"""

import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import cast

import pytest

from penholder_daemon.core import places, server_clock
from penholder_daemon.core.ledger import _HEAD
from penholder_daemon.core.store import Known, Row, Store
from penholder_daemon.rooms import all_rooms
from penholder_daemon.shell.store.database import WriterStore
from penholder_daemon.shell.store.opening import open_writer as open_in_sqlite
from penholder_daemon.shell.store.postgres import connecting, opening
from penholder_daemon.shell.store.postgres.serving_store import FirstLook, ServingStore
from penholder_protocol.errors import PenholderError
from tests.helpers import postgresql, soak
from tests.helpers.fakes import FaultyStore
from tests.helpers.harness import Bench
from tests.helpers.stores import MEMORY

_numbers = iter(range(1000))


class _CountedStore(ServingStore):
    """Counts what is asked for by itself."""

    reads = 0

    def row(self, sql: str, *values: str | int | float | bytes | None) -> Row | None:
        """Count it."""
        self.reads += 1
        return super().row(sql, *values)


class _From(Counter[str]):
    """Counts from another number than the other daemon's ids."""

    def __init__(self, base: int) -> None:
        """Begin there."""
        super().__init__()
        self._base = base

    def __missing__(self, prefix: str) -> int:
        """Return it for whatever was not counted yet."""
        return self._base


class _Daemon(Bench):
    """The core of one daemon, over a connection of its own."""

    def __init__(self, url: str, host_id: str) -> None:
        """Register the host."""
        store = opening._open(connecting.connector(url), _CountedStore)
        store.first_look = FirstLook(host_id, lambda _: None)
        # As where another one is known of: nothing is begun ahead.
        store.tells_others = True
        self.own_store = store
        super().__init__()
        self.world.host_id = host_id
        self.world._made = _From(100_000 * len(host_id))
        self.own("host.keep")

    def open(self, path: Path) -> None:
        """Put the core onto the store."""
        assert path == MEMORY
        self.database = cast(WriterStore, self.own_store)
        self.store = FaultyStore(self.own_store)
        self.begin()

    def reads_of(self, act: Callable[[], object]) -> int:
        """Return how many reads of its own an act took, beside the two trips of its batch."""
        # What is compared after each batch is read as well.
        differences, self.committer.differences = self.committer.differences, lambda: iter(())  # type: ignore[method-assign]  # for this act
        before = self.own_store.reads
        try:
            act()
        finally:
            self.committer.differences = differences  # type: ignore[method-assign]  # as it was
        return self.own_store.reads - before


@pytest.fixture
def daemons() -> Iterator[tuple[_Daemon, _Daemon]]:
    """Give two, and a worker of each with somebody in its seat."""
    url = postgresql.server().make(f"sharing_{next(_numbers)}")
    with ExitStack() as opened:
        made = _Daemon(url, "host_a"), _Daemon(url, "host_bb")
        for each in made:
            opened.callback(each.own_store.close)
        made[0].controller()
        for name, daemon in zip("ab", made, strict=True):
            daemon.worker(f"w_{name}", "c1")
        yield made


def _append(daemon: Bench, worker_id: str, number: int = 0, **more: object) -> int:
    told = daemon.call(
        "event.append", worker_id=worker_id, type="n", data={"number": number}, **more
    )
    return int(told["event_seq"])


def test_appends_of_another_cost_nothing_of_what_is_held(
    daemons: tuple[_Daemon, _Daemon], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where they are is noted every now and then by either, amid all this.
    monkeypatch.setattr(places, "AT_ONCE", 3)
    here, there = daemons
    held = here.call("controller.acquire", controller_id="c1")
    # What is not there is looked for each time: nobody owns nothing for long.
    fence = {"epoch": held["epoch"], "token": held["token"]}
    for daemon in daemons:
        _append(daemon, "w_a", fence=fence)
    before = _append(here, "w_a", fence=fence)
    assert there.reads_of(lambda: _append(there, "w_a", fence=fence)) == 0
    assert here.reads_of(lambda: _append(here, "w_a", fence=fence)) == 0
    assert _append(there, "w_a", fence=fence) == before + 3
    assert _append(here, "w_b", fence=fence) == 1


def test_what_another_has_changed_is_read_again(daemons: tuple[_Daemon, _Daemon]) -> None:
    here, there = daemons
    first = here.call("controller.acquire", controller_id="c1")
    fence = {"epoch": first["epoch"], "token": first["token"]}
    here.call("event.append", worker_id="w_a", type="n", fence=fence)
    there.call("controller.acquire", controller_id="c1", takeover=True)
    with pytest.raises(PenholderError) as refused:
        here.call("event.append", worker_id="w_a", type="n", fence=fence)
    assert refused.value.code == "FENCED"


@pytest.mark.parametrize("change", [
    "UPDATE fences SET epoch = epoch + 1",
    "DELETE FROM seats",
    "UPDATE workers SET host_id = NULL",
    "UPDATE hosts SET state = 'active'",
    "UPDATE journal_placed SET pos = pos",
    "DELETE FROM journal WHERE pos = 1",
    "UPDATE streams SET parent = parent",
])  # fmt: skip
def test_a_hand_changes_nothing_unseen(daemons: tuple[_Daemon, _Daemon], change: str) -> None:
    here, there = daemons
    for daemon in daemons:
        _append(daemon, "w_a")
        _append(daemon, "w_a")
    there.own_store.run(change)
    assert here.reads_of(lambda: _append(here, "w_a")) > 0


def test_too_many_entries_are_not_followed(daemons: tuple[_Daemon, _Daemon]) -> None:
    here, there = daemons
    before = _append(here, "w_a")
    for _ in range(3):
        there.call("event.append_many", worker_id="w_a", events=[{"type": "n"}] * 500)
    assert _append(here, "w_a") == before + 1501


def test_nothing_is_held_over_another_session(
    daemons: tuple[_Daemon, _Daemon], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind it may be another server, which goes on from elsewhere."""
    monkeypatch.setattr(places, "AT_ONCE", 1000)
    here, _ = daemons
    held = here.call("controller.acquire", controller_id="c1")
    fence = {"epoch": held["epoch"], "token": held["token"]}
    before = _append(here, "w_a", fence=fence)
    assert here.reads_of(lambda: _append(here, "w_a", fence=fence)) == 0
    here.own_store.connection.close()
    assert here.reads_of(lambda: _append(here, "w_a", fence=fence)) > 0
    assert _append(here, "w_a", fence=fence) == before + 3


def test_entries_that_are_gone_again_are_counted_all_the_same(
    daemons: tuple[_Daemon, _Daemon],
) -> None:
    here, there = daemons
    before = _append(here, "w_a")
    _append(there, "w_a")
    there.own_store.run("DELETE FROM journal WHERE pos > ?", 5)
    assert _append(here, "w_a") == before + 2


def test_every_read_that_is_held_is_watched_over() -> None:
    """By a trigger on what it reads, or because it is looked at in each transaction."""
    url = postgresql.server().make(f"sharing_{next(_numbers)}")
    store, words = opening.open_writer(url), open_in_sqlite(MEMORY)
    rows = store.rows(
        "SELECT event_object_table, event_manipulation, COALESCE(a.attname, '*')"
        " FROM information_schema.triggers t LEFT JOIN pg_trigger g ON g.tgname = t.trigger_name"
        " AND g.tgrelid = CAST('penholder.' || t.event_object_table AS regclass)"
        " LEFT JOIN pg_attribute a ON a.attrelid = g.tgrelid AND a.attnum = ANY (g.tgattr)"
        " AND t.event_manipulation = 'UPDATE' WHERE t.trigger_name = 'count_change'"
    )
    watched = {(str(table), str(what), str(column)) for table, what, column in rows}
    assert len(all_rooms()) > 5, "all that could hold anything is imported"
    modules = [each for name, each in sys.modules.items() if name.startswith("penholder_daemon.")]
    held = {each for module in modules for each in vars(module).values() if isinstance(each, Known)}
    assert len(held) >= 8
    for known in held:
        if known in (server_clock.MARK, places.PLACED):
            continue
        # SQLite knows what a statement reads, the catalogue of PostgreSQL what it may.
        for table, column in words.touched(known.sql, (None,) * known.sql.count("?")).reads:
            assert (table, "DELETE", "*") in watched, known.sql
            if not column or (known is _HEAD and column == "last_seq"):
                continue
            assert watched & {(table, "UPDATE", "*"), (table, "UPDATE", column)}, (table, column)
    store.close()
    words.close()


_DONE: dict[str, Callable[[Bench, random.Random], object]] = {
    "append": lambda bench, rng: _append(bench, rng.choice(["w_a", "w_b"]), rng.randrange(9)),
    "keyed": lambda bench, rng: bench.call(
        "event.append", worker_id="w_a", type="n", idempotency_key=f"k{rng.randrange(6)}",
    ),
    "acquire": lambda bench, rng: bench.call(
        "controller.acquire", controller_id="c2", takeover=rng.random() < 0.5
    ),
    "submit": lambda bench, _: bench.call(
        "queue.submit", queue="q", tenant_id="t", project_id="p"
    ),
    "claim": lambda bench, rng: bench.call(
        "queue.claim", queue="q", runner_id=f"r{rng.randrange(3)}", lease_ms=1000
    ),
    "seat": lambda bench, rng: bench.seated(rng.choice(["w_a", "w_b"])),
    "prune": lambda bench, _: bench.own("daemon.prune"),
    "beat": lambda bench, _: bench.own("host.keep"),
    "refused": lambda bench, _: bench.call("worker.stop", worker_id="nobody"),
}  # fmt: skip


@pytest.mark.parametrize("seed", range(soak.many(2, 60)))
def test_whatever_two_do_in_turn_each_holds_what_is_stored(
    daemons: tuple[_Daemon, _Daemon], seed: int
) -> None:
    rng = random.Random(seed)
    daemons[0].controller("c2")
    for _ in range(soak.many(60, 300)):
        bench, done = rng.choice(daemons), rng.choice(list(_DONE))
        try:
            _DONE[done](bench, rng)
        except PenholderError:
            continue
    for daemon in daemons:
        assert not daemon.bugs
    stored: Store = daemons[0].own_store
    seqs = stored.rows(
        "SELECT s.name, COUNT(*), MIN(j.seq), MAX(j.seq), s.last_seq FROM journal j"
        " JOIN streams s ON s.stream_id = j.stream_id GROUP BY s.name, s.last_seq"
    )
    for name, count, first, last, counted in seqs:
        assert (first, last, counted) == (1, count, count), name
