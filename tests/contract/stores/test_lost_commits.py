"""What is said of a commit to PostgreSQL, or of a connection, that was lost at a bad moment."""

import signal
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from penholder_daemon.core.store import RowsRefused, StoreFault, Write
from penholder_daemon.shell.store.opening import UnwritableDatabase
from penholder_daemon.shell.store.postgres import connecting, opening, serving
from penholder_daemon.shell.store.postgres.connection import Connection
from penholder_daemon.shell.store.postgres.serving_store import FirstLook
from penholder_daemon.shell.store.postgres.store import PostgresStore
from tests.helpers.cutting_proxy import Cut, CuttingProxy
from tests.helpers.postgresql import Server

_COUNT = "INSERT INTO counters (name, value) VALUES (?, 1)"


def _count(store: PostgresStore) -> object:
    row = store.row("SELECT COUNT(*) FROM counters")
    return None if row is None else row[0]


def test_a_commit_over_a_connection_in_disorder_is_found_out(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opening.open_writer(url)
    store.run("BEGIN IMMEDIATE")
    store.run(_COUNT, "a")
    commit = store._commit_in_one_trip

    def disorder(writes: Sequence[Write]) -> str:
        commit(writes)
        # As when the server ends the session amid a pipeline: open, and never idle again.
        store.connection.pgconn.send_query(b"SELECT 1")
        raise psycopg.OperationalError("cannot exit pipeline mode while busy")

    monkeypatch.setattr(store, "_commit_in_one_trip", disorder)
    store.run("COMMIT")
    assert _count(store) == 1
    store.close()


def test_a_commit_is_found_out_over_a_stop_of_the_server_and_not_over_a_crash(
    server: Server,
) -> None:
    store = opening.open_writer(server.make("lives"))
    for ending, is_believed in ((signal.SIGINT, True), (signal.SIGQUIT, False)):
        # Made, and not answered: what follows is asked of the server as after a lost connection.
        store.run("BEGIN IMMEDIATE")
        store.run(_COUNT, ending.name)
        number = store._transaction_id
        store.run("COMMIT")
        store._transaction_id = number
        store.connection.close()
        server.stop(ending)
        server.start()
        lost = psycopg.OperationalError("the connection is lost")
        if is_believed:
            store._find_out(lost)
            continue
        with pytest.raises(StoreFault, match="has crashed or is another") as caught:
            store._find_out(lost)
        assert caught.value.outcome_unknown
    assert _count(store) == 2
    store.close()


def test_a_number_that_another_got_after_a_crash_is_not_taken_for_ones_own(server: Server) -> None:
    url = server.make("numbers_again")
    store = opening.open_writer(url)
    store.run("BEGIN IMMEDIATE")
    store.run(_COUNT, "a")
    number = store._transaction_id
    assert number is not None
    # Nothing of it has reached the disk, so the server gives its number once more.
    server.stop(signal.SIGQUIT)
    server.start()
    with closing(psycopg.connect(url)) as other:
        given = 0
        while given < number:
            row = other.execute("SELECT pg_current_xact_id()::TEXT::BIGINT").fetchone()
            assert row is not None
            given = row[0]
            other.commit()
    with pytest.raises(StoreFault):
        store.run("COMMIT")
    assert _count(store) == 0
    store.close()


def test_a_connection_that_is_lost_while_it_is_made_ready_is_a_fault(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = connecting.connector(url)

    def end_at_once() -> Connection:
        connection = connect()
        with psycopg.connect(url, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", (connection.info.backend_pid,))
        return connection

    store = opening._open(connect, PostgresStore)
    store.close()
    monkeypatch.setattr(connecting, "connector", lambda _: end_at_once)
    with pytest.raises(UnwritableDatabase, match="terminat"):
        opening.open_writer(url)
    made_ready = serving.together(end_at_once, "nobody")
    monkeypatch.setattr(store, "_connect", made_ready)
    with pytest.raises(StoreFault) as caught:
        store.run("BEGIN IMMEDIATE")
    assert not caught.value.outcome_unknown


@pytest.mark.parametrize("tells_others", [True, False])
def test_a_commit_that_fails_is_not_told_by_the_one_before(url: str, tells_others: bool) -> None:
    """A daemon's commit is one of several statements that are sent at once."""
    store = opening.open_serving(connecting.connector(url))
    store.first_look = FirstLook("host_a", lambda _: None)
    store.tells_others = tells_others
    # Twice, since the next transaction is begun ahead only where batches follow each other.
    for name in ("a", "b"):
        store.begin_writing(None)
        store.commit_with([(_COUNT, [(name,)])], None)
    store.begin_writing(None)
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (store.connection.info.backend_pid,))
    with pytest.raises(StoreFault) as caught:
        store.commit_with([(_COUNT, [("c",)])], None)
    assert not caught.value.outcome_unknown
    assert _count(store) == 2
    store.close()


@pytest.mark.parametrize("tells_others", [True, False])
def test_rows_that_are_refused_take_their_transaction_with_them(
    url: str, tells_others: bool
) -> None:
    store = opening.open_serving(connecting.connector(url))
    store.first_look = FirstLook("host_a", lambda _: None)
    store.tells_others = tells_others
    for _ in range(2):
        store.begin_writing(None)
        with pytest.raises(RowsRefused, match="duplicate key"):
            store.commit_with([(_COUNT, [("a",), ("a",)])], None)
        assert not store.in_transaction
    assert _count(store) == 0
    store.close()


def test_an_answer_to_a_commit_that_no_server_would_give_is_found_out(
    server: Server, tmp_path: Path
) -> None:
    url = server.make("garbled")
    with closing(CuttingProxy(tmp_path, server.directory)) as proxy:
        connect = connecting.connector(
            url.replace(str(server.directory), str(tmp_path)), name="penholder h_1 run"
        )
        store = opening.open_serving(connect)
        proxy.arm(Cut.GARBLED)
        store.run("BEGIN IMMEDIATE")
        store.commit_with([(_COUNT, [("a",)])], None)
        assert proxy.cuts == 1
        # Neither told to have failed, nor made a second time.
        assert _count(store) == 1
        store.close()
