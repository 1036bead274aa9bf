"""Statements that are sent together: what comes of them, and what is known when nothing does."""

from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest

from penholder_daemon.core.store import Row
from penholder_daemon.shell.store.postgres import connecting
from penholder_daemon.shell.store.postgres.at_once import at_once
from penholder_daemon.shell.store.postgres.connection import Connection
from penholder_daemon.shell.store.postgres.trips import Trip

_BIGINT, _TEXT = 20, 25
_INSERT = "INSERT INTO things (name, number, note) VALUES ($1, $2, $3)"
_UPDATE = "UPDATE things SET note = COALESCE($1, note), number = $2 WHERE name = $3"
_UPSERT = (
    "INSERT INTO things (name, number, note) VALUES ($1, $2, $3)"
    " ON CONFLICT (name) DO UPDATE SET number = things.number + excluded.number"
)
_ODD = ['"', "\\", "'", "{}", "NULL", "", " ", "ü", "\U0001f600", "a,b", "\n", None]


@pytest.fixture
def connection(url: str) -> Iterator[Connection]:
    """Give a connection to a database with a table of its own."""
    with closing(connecting.connector(url)()) as made:
        made.execute(
            "CREATE TEMPORARY TABLE things"
            " (name TEXT PRIMARY KEY, number BIGINT NOT NULL, note TEXT)"
        )
        yield made


def _stored(connection: Connection) -> list[Row]:
    return connection.execute("SELECT name, number, note FROM things ORDER BY name").fetchall()


def _rows(count: int) -> list[Row]:
    return [(f"n{at:03}", at - (1 << 62), _ODD[at % len(_ODD)]) for at in range(count)]


def _changes(count: int) -> list[Row]:
    return [(_ODD[-at % len(_ODD)], at, f"n{at:03}") for at in range(count)]


def _additions(count: int) -> list[Row]:
    return [(f"n{at:03}", 7, "another") for at in range(0, count, 2)]


@pytest.mark.parametrize("count", [1, 3, 4, 5, 64, 1000])
def test_all_rows_at_once_come_to_what_each_of_them_comes_to(
    connection: Connection, count: int
) -> None:
    found = []
    # The first time the server is asked after the types, and each row is told for itself.
    for is_at_once in (False, True, True):
        connection.execute("TRUNCATE things")
        trip = Trip(connection)
        for text, rows in (
            (_INSERT, _rows(count)), (_UPDATE, _changes(count)), (_UPSERT, _additions(count)),
        ):  # fmt: skip
            add = trip.add_all if is_at_once else trip.add_each
            add(text, rows)
        trip.go()
        found.append((trip.changed_rows, _stored(connection)))
    assert found[0] == found[1] == found[2]
    assert len(found[0][1]) == count
    if count >= 64:
        assert len(trip.answers) == 3, "not at once"


@pytest.mark.parametrize(
    "text",
    [
        "DELETE FROM things WHERE name = $1",
        "WITH a AS (SELECT $1) INSERT INTO things (name) SELECT * FROM a",
        "INSERT INTO things (name) SELECT $1",
        "INSERT INTO things (name) VALUES (upper($1))",
    ],
)
def test_a_statement_of_another_kind_is_run_with_each_row(text: str) -> None:
    assert at_once(text, (_TEXT,)) is None


def test_values_of_other_types_are_told_one_by_one() -> None:
    assert at_once("INSERT INTO blobs (bytes) VALUES ($1)", (17,)) is None
    assert at_once("INSERT INTO nothing (a) VALUES ($1)", ()) is None
    assert at_once("INSERT INTO t (a, b) VALUES ($2, $1)", (_BIGINT, _TEXT)) == (
        "INSERT INTO t (a, b) SELECT each_row.v2, each_row.v1"
        " FROM unnest($1::bigint[], $2::text[]) AS each_row(v1, v2)"
    )


def test_what_stands_behind_what_is_refused_is_not_done(connection: Connection) -> None:
    trip = Trip(connection)
    trip.add("BEGIN")
    trip.add_each(_INSERT, [("a", 1, None), ("a", 2, None), ("b", 3, None)])
    trip.add("COMMIT")
    with pytest.raises(psycopg.errors.UniqueViolation):
        trip.go()
    assert not trip.has_committed
    back = Trip(connection)
    back.add("ROLLBACK")
    back.go()
    assert _stored(connection) == []
    # The session is in order, and what was prepared is still there.
    again = Trip(connection)
    again.add_each(_INSERT, [("a", 1, None)])
    again.go()
    assert (again.changed_rows, _stored(connection)) == (1, [("a", 1, None)])


def test_a_commit_is_known_though_what_stands_behind_it_fails(connection: Connection) -> None:
    trip = Trip(connection)
    trip.add("BEGIN")
    trip.add_each(_INSERT, [("a", 1, None)])
    trip.add("COMMIT")
    trip.add("SELECT 1 / 0")
    with pytest.raises(psycopg.errors.DivisionByZero):
        trip.go()
    assert trip.has_committed
    assert _stored(connection) == [("a", 1, None)]


def test_what_is_prepared_is_prepared_anew_when_psycopg_lets_go_of_all(
    connection: Connection,
) -> None:
    for _ in range(5):  # until psycopg prepares it
        connection.execute("SELECT 1")
    trip = Trip(connection)
    trip.add_each(_INSERT, [("a", 1, None)])
    trip.go()
    connection.execute("ALTER TABLE things ADD COLUMN other TEXT")
    connection.execute("SELECT 1")
    trip = Trip(connection)
    trip.add_each(_INSERT, [("b", 2, None)])
    trip.go()
    assert [name for name, _, _ in _stored(connection)] == ["a", "b"]


def test_a_session_that_ends_amid_a_trip_is_lost(connection: Connection, url: str) -> None:
    trip = Trip(connection)
    trip.add("BEGIN")
    trip.add_each(_INSERT, [("a", 1, None)])
    trip.add("SELECT pg_terminate_backend(pg_backend_pid())")
    trip.add("COMMIT")
    with pytest.raises(psycopg.OperationalError):
        trip.go()
    assert connection.closed
    assert not trip.has_committed


def test_a_text_with_a_nul_is_refused_before_anything_is_sent(connection: Connection) -> None:
    trip = Trip(connection)
    with pytest.raises(psycopg.DataError, match="NUL"):
        trip.add_each(_INSERT, [("a\0b", 1, None)])
    rows: list[Row] = [(f"n{at}", at, "\0") for at in range(9)]
    trip.add_each(_INSERT, [("a", 1, None)])
    trip.add_all(_INSERT, [("b", 1, None)] * 4)
    with pytest.raises(psycopg.DataError, match="NUL"):
        Trip(connection).add_all(_INSERT, rows)


def test_more_than_a_socket_holds_goes_both_ways(connection: Connection) -> None:
    """Neither end waits for the other one to read."""
    large = "x" * 100_000
    trip = Trip(connection)
    trip.add_each("SELECT $1::TEXT", [(large,)] * 200)
    trip.go()
    assert [trip.rows(at) for at in range(200)] == [[(large,)]] * 200
