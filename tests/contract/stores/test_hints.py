"""What daemons on one database hear of each other, and that they hear it without looking."""

import select
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import count
from pathlib import Path

import psycopg
import pytest
import trio

from penholder_daemon.core.commit import BatchOutcome, Committer
from penholder_daemon.core.leases import Beat
from penholder_daemon.core.method import Invocation
from penholder_daemon.core.own_calls import daemon_call
from penholder_daemon.core.store import Store
from penholder_daemon.rooms import build_registry
from penholder_daemon.shell.connections.hub import Hub
from penholder_daemon.shell.disk.paths import Paths
from penholder_daemon.shell.fairness.write_queue import WriteJob
from penholder_daemon.shell.observing.counters import Counters
from penholder_daemon.shell.observing.request_log import RequestLog
from penholder_daemon.shell.settings import Settings
from penholder_daemon.shell.store import writer
from penholder_daemon.shell.store.backing import HostCalls
from penholder_daemon.shell.store.pace import AlwaysFast
from penholder_daemon.shell.store.postgres import connecting, opening, writing
from penholder_daemon.shell.store.postgres.backing import PostgresBacking
from penholder_daemon.shell.store.postgres.serving_store import FirstLook, ServingStore
from penholder_daemon.shell.store.writer import AdaptiveWriter
from tests.helpers import postgresql
from tests.helpers.fakes import FakeWorld
from tests.helpers.harness import DAEMON

_numbers = count()
_NEVER_SECONDS = 1e6
_PATIENCE_SECONDS = 10
Open = Callable[[], ServingStore]


@pytest.fixture
def url() -> str:
    """Make a database."""
    return postgresql.server().make(f"hints_{next(_numbers)}")


@pytest.fixture
def open_serving(url: str) -> Iterator[Open]:
    """Open stores as daemons do that know of others."""
    with ExitStack() as opened:

        def opening_one() -> ServingStore:
            store = opening.open_serving(connecting.connector(url))
            opened.callback(store.close)
            store.first_look = FirstLook("host_a", lambda _: None)
            store.tells_others = True
            return store

        yield opening_one


def _commit(store: ServingStore) -> None:
    store.begin_writing(None)
    store.commit_with([], None)


def _hear(store: ServingStore) -> None:
    """Wait until something has come, and take it in."""
    ready, _, _ = select.select([store.connection.fileno()], [], [], _PATIENCE_SECONDS)
    assert ready, "nothing has come"
    store.take_in_hints()


def test_who_has_just_connected_does_not_know_what_was_told_before(open_serving: Open) -> None:
    store = open_serving()
    assert store.is_hinted
    _commit(store)
    assert not store.is_hinted


def test_who_is_idle_hears_of_anothers_commit_and_not_of_its_own(open_serving: Open) -> None:
    here, there = open_serving(), open_serving()
    _commit(there)
    _commit(here)
    assert not here.is_hinted
    _hear(there)
    assert there.is_hinted


def test_what_the_last_transaction_has_seen_is_no_news(open_serving: Open) -> None:
    here, there = open_serving(), open_serving()
    _commit(here)
    # Told while this one is amid its own, it is heard with the end of that.
    here._send("BEGIN")
    _commit(there)
    here._send("COMMIT")
    assert here.is_hinted
    _commit(here)
    assert not here.is_hinted


def test_a_transaction_that_is_taken_back_tells_nothing(open_serving: Open) -> None:
    here, there = open_serving(), open_serving()
    _commit(here)
    there.begin_writing(None)
    there.run("ROLLBACK")
    # With the answer to this there would be what was told before it.
    here.fetch("SELECT 1")
    assert not here.is_hinted


@pytest.mark.parametrize(
    "told",
    ["", "abc", "-1", "1_0", " 7", "\u0663", "\u00b2", "9" * 21, "9" * 5000, "x" * 7999],
    ids=lambda told: f"{told[:3]!a} {len(told)}",
)
def test_what_is_no_number_is_news(open_serving: Open, url: str, told: str) -> None:
    here = open_serving()
    _commit(here)
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_notify('penholder', %s)", (told,))
    _hear(here)
    assert here.is_hinted
    _commit(here)
    assert not here.is_hinted


def test_a_connection_that_is_lost_while_nobody_asks_is_news(open_serving: Open, url: str) -> None:
    here = open_serving()
    _commit(here)
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (here.connection.info.backend_pid,))
    # First the server says why.
    while not here.is_hinted:
        _hear(here)
    with pytest.raises(psycopg.OperationalError):
        here.connection.pgconn.consume_input()


class _Idle:
    """A daemon's writer over a real server, which looks at nothing unless it hears something."""

    def __init__(self, url: str, directory: Path) -> None:
        """Register its host; in trio."""
        world, registry = FakeWorld(), build_registry()
        self.backing = PostgresBacking(url, None, Paths(directory, directory), world.host_id)

        def make_committer(store: Store) -> Committer:
            return Committer(store, world, registry, lambda *_: None)

        def own(method: str, **arguments: object) -> Invocation:
            return daemon_call(registry.methods[method], DAEMON, arguments)

        self.connection = self.backing.open_writer(
            make_committer,
            world,
            HostCalls(
                own("host.join"), own("host.carry_out"), partial(own, "daemon.settle_history")
            ),
        )
        self.hub = Hub(lambda: None)
        self.writer = AdaptiveWriter(
            self.connection, Counters(), RequestLog(Settings()), Beat(world), self.hub, AlwaysFast()
        )
        self.told: list[int] = []
        self.is_told = trio.Event()

    def close(self) -> None:
        """Let go of the database."""
        self.connection.close()
        self.backing.close()

    def deliver(self, jobs: Sequence[WriteJob], outcome: BatchOutcome) -> None:
        """Note what is told."""
        assert not jobs
        assert not outcome.fatal
        self.told += [each.entry.pos for each in outcome.published]
        if self.told:
            self.is_told.set()

    async def wait_until_told(self, pos: int) -> None:
        """Wait until an entry was told."""
        await self._wait(lambda: pos in self.told)

    async def wait_until_told_beyond(self, pos: int) -> None:
        """Wait until an entry behind that one was told."""
        await self._wait(lambda: self.told[-1] > pos)

    async def _wait(self, is_so: Callable[[], bool]) -> None:
        with trio.fail_after(_PATIENCE_SECONDS):
            while not is_so():
                await self.is_told.wait()
                self.is_told = trio.Event()


@pytest.fixture
async def idle(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[_Idle]:
    """Give one that serves."""
    monkeypatch.setattr(writing, "_LOOK_SECONDS", _NEVER_SECONDS)
    monkeypatch.setattr(writer, "_IDLE_SECONDS", _NEVER_SECONDS)
    made = _Idle(url, tmp_path)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(made.hub.run)
        made.writer.start(made.deliver)
        yield made
        await made.writer.stop()
        nursery.cancel_scope.cancel()
    made.close()


def _append(store: ServingStore, name: str, entries: int = 1) -> int:
    """Write what another daemon would, and return the last position."""
    store.begin_writing(None)
    [[pos]] = store.fetch(
        "WITH s AS (INSERT INTO streams (name, last_seq) VALUES ($1, $2) RETURNING *),"
        " wrote AS (INSERT INTO journal (pos, stream_id, seq, entry_id, ts, type, data)"
        " SELECT (SELECT COALESCE(MAX(pos), 0) FROM journal) + seq, stream_id, seq, name || seq,"
        " '2026-01-01T00:00:00.000Z', 'n', '{}' FROM s, generate_series(1, $2) AS seq"
        " RETURNING pos) SELECT MAX(pos) FROM wrote",
        (name, entries),
    )
    store.commit_with([], None)
    return int(str(pos))


class _Asked:
    """A hub that notes what is asked of it."""

    def __init__(self) -> None:
        """Be asked for nothing so far."""
        self.soon_asked = self.ready_asked = 0

    def read(self) -> None:
        """Find nothing."""

    def soon(self, act: Callable[[], object]) -> None:  # noqa: ARG002 - it is not done
        """Note it."""
        self.soon_asked += 1

    def when_ready(self, fd: int, events: int, act: Callable[[], object]) -> bool:  # noqa: ARG002
        """Note it."""
        self.ready_asked += 1
        return True


async def test_what_cannot_be_looked_at_is_not_looked_at_again_at_once(
    url: str, tmp_path: Path
) -> None:
    made = _Idle(url, tmp_path)
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("ALTER TABLE penholder.changes RENAME TO elsewhere")
        other.execute("NOTIFY penholder")
    made.connection.run([], lambda _: None)
    assert made.connection.fault is not None
    assert made.connection._store.is_hinted
    assert not made.connection.is_hinted()
    hub = _Asked()
    made.connection.watch(hub, lambda: None)
    assert (hub.soon_asked, hub.ready_asked) == (0, 1)
    made.close()


async def test_an_idle_daemon_tells_what_others_write_without_looking(
    idle: _Idle, open_serving: Open
) -> None:
    there = open_serving()
    for number in range(20):
        await idle.wait_until_told(await trio.to_thread.run_sync(_append, there, f"s{number}"))
    assert idle.told == sorted(set(idle.told))


async def test_an_idle_daemon_that_is_far_behind_goes_on_looking(
    idle: _Idle, open_serving: Open
) -> None:
    there = open_serving()
    last = await trio.to_thread.run_sync(_append, there, "many", 5000)
    await idle.wait_until_told(last)
    assert idle.told == list(range(idle.told[0], last + 1))


async def test_an_idle_daemon_that_is_told_nonsense_goes_on(
    idle: _Idle, open_serving: Open, url: str
) -> None:
    there = open_serving()
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_notify('penholder', repeat('9', 5000))")
    await idle.wait_until_told(await trio.to_thread.run_sync(_append, there, "s"))


async def test_an_idle_daemon_knows_what_it_has_told_of_others(
    idle: _Idle, open_serving: Open, url: str
) -> None:
    there = open_serving()
    lost = await trio.to_thread.run_sync(_append, there, "s")
    await idle.wait_until_told(lost)
    pid = idle.connection._store.connection.info.backend_pid
    with psycopg.connect(url, autocommit=True) as other:
        # As a server does that was put back beneath itself.
        other.execute("DELETE FROM penholder.journal WHERE pos = %s", (lost,))
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        await idle.wait_until_told_beyond(lost)
        breaks = other.execute("SELECT ended_pos, fenced FROM penholder.history_breaks").fetchall()
    assert breaks == [(lost - 1, 1)]
