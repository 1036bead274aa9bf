"""The writer's core on PostgreSQL when its server goes away, comes back, or refuses a row."""

import signal
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import cast

import psycopg
import pytest

from penholder_daemon.core.store import Row, Store, StoreFault
from penholder_daemon.shell.store.database import WriterStore
from penholder_daemon.shell.store.postgres import opening
from penholder_daemon.shell.store.postgres.store import PostgresStore
from penholder_protocol import errors
from tests.helpers.fakes import FaultyStore
from tests.helpers.harness import Bench
from tests.helpers.postgresql import Server
from tests.helpers.stores import MEMORY


class OwnBench(Bench):
    """A bench on a store of a test's own."""

    def __init__(self, own: PostgresStore) -> None:
        """Put a core onto the store."""
        self.own_store = own
        super().__init__()

    def open(self, path: Path) -> None:
        """Have the store in place of the one that other tests run on."""
        assert path == MEMORY
        # A bench has SQLite's; what only that has is not asked for here.
        self.database = cast(WriterStore, self.own_store)
        self.store = FaultyStore(self.own_store)
        self.begin()


@pytest.fixture
def bench(server: Server, request: pytest.FixtureRequest) -> Iterator[OwnBench]:
    """Give a core on an empty database, with a worker."""
    url = server.make(f"db_{abs(hash(request.node.name))}")
    store = opening.open_writer(url)
    made = OwnBench(store)
    made.worker()
    made.published.clear()
    yield made
    store.close()


def _append(bench: OwnBench, *types: str) -> list[object]:
    calls = [
        bench.invocation("event.append", {"worker_id": "w1", "type": type_}) for type_ in types
    ]
    return [type(answer) for answer in bench.run(calls)]


def _fault(bench: OwnBench) -> str | None:
    return bench.committer.fault


def _stored(store: Store) -> list[object]:
    return [row[0] for row in store.rows("SELECT type FROM journal WHERE type < 'c' ORDER BY pos")]


def test_while_the_server_is_away_writes_are_refused_and_then_go_on(
    bench: OwnBench, server: Server
) -> None:
    assert _append(bench, "a1") == [bytes]
    server.stop(signal.SIGQUIT)
    for _ in range(2):
        [refused] = bench.run([bench.invocation("event.append", {"worker_id": "w1", "type": "a2"})])
        assert isinstance(refused, errors.StoreFailed)
        assert refused.details["outcome"] == "nothing_written"
    assert _fault(bench) is not None
    assert not bench.committer.heartbeat().fatal
    server.start()
    assert not bench.committer.heartbeat().fatal
    assert _fault(bench) is None
    assert _append(bench, "a3", "a4") == [bytes, bytes]
    assert _stored(bench.own_store) == ["a1", "a3", "a4"]
    assert [each.entry.seq for each in bench.published] == [1, 2, 3]


def test_a_connection_that_is_ended_amid_a_batch_loses_that_batch_alone(
    bench: OwnBench, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = bench.own_store
    run_many = store.run_many

    def ended(sql: str, rows: Iterable[Row]) -> None:
        monkeypatch.undo()
        with psycopg.connect(server.url("postgres"), autocommit=True) as other:
            pid = store.connection.info.backend_pid
            other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        run_many(sql, rows)

    monkeypatch.setattr(store, "run_many", ended)
    # What cannot be written with its neighbours is tried by itself, over a new connection.
    assert _append(bench, "a1", "a2") == [bytes, bytes]
    assert _stored(store) == ["a1", "a2"]


def test_a_row_that_cannot_be_written_fails_its_own_call_alone(bench: OwnBench) -> None:
    bench.own_store.run("ALTER TABLE journal ADD CONSTRAINT no_boom CHECK (type <> 'boom')")
    assert _append(bench, "a1", "boom", "a2") == [bytes, errors.StoreFailed, bytes]
    assert _stored(bench.own_store) == ["a1", "a2"]
    assert [each.entry.seq for each in bench.published] == [1, 2]


@pytest.mark.parametrize("bug", [StoreFault("gone", outcome_unknown=True), RuntimeError("never")])
def test_what_nobody_knows_of_a_commit_ends_nothing(bench: OwnBench, bug: Exception) -> None:
    """What the server holds does not depend on this process, which just reads it again."""
    bench.store.fail_at("COMMIT", fault=lambda: bug)
    call = bench.invocation("event.append", {"worker_id": "w1", "type": "a1"})
    outcome = bench.committer.run([call])
    assert not outcome.fatal
    [refused] = outcome.answers
    assert isinstance(refused, errors.StoreFailed)
    assert refused.details["outcome"] == "unknown"
    assert _append(bench, "a2") == [bytes]
    assert _stored(bench.own_store) == ["a2"]
    bench.bugs.clear()


def test_a_rollback_that_fails_leaves_nothing_written(bench: OwnBench) -> None:
    def break_rollback_too() -> Exception:
        bench.store.fail_at("ROLLBACK", fault=lambda: StoreFault("gone"))
        return StoreFault("gone")

    bench.store.fail_at("COMMIT", fault=break_rollback_too)
    call = bench.invocation("event.append", {"worker_id": "w1", "type": "a1"})
    [refused] = bench.committer.run([call]).answers
    assert isinstance(refused, errors.StoreFailed)
    assert refused.details["outcome"] == "nothing_written"
    assert _append(bench, "a2") == [bytes]
    assert _stored(bench.own_store) == ["a2"]
