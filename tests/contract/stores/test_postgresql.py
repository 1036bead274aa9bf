"""PostgreSQL as a store: what is refused, and what becomes of a connection that is lost."""

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing

import psycopg
import pytest

from penholder_daemon import migrations
from penholder_daemon.core.store import StoreFault, Write
from penholder_daemon.shell.store.opening import UnusableDatabase, UnwritableDatabase
from penholder_daemon.shell.store.postgres import connecting, opening
from penholder_daemon.shell.store.postgres.dialect import translated
from penholder_daemon.shell.store.postgres.store import PostgresStore
from tests.helpers.postgresql import Server

_COUNT = "INSERT INTO counters (name, value) VALUES (?, 1)"


def _count(store: PostgresStore) -> object:
    row = store.row("SELECT COUNT(*) FROM counters")
    return None if row is None else row[0]


# --- texts --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT ?, ?2, ?", "SELECT $1, $2, $3"),
        ("SELECT ?2, ?", "SELECT $2, $3"),
        ("SELECT '?', 'it''s ?1', ?", "SELECT '?', 'it''s ?1', $1"),
        ("SELECT 1 FROM t INDEXED BY t_by_x WHERE x = ?", "SELECT 1 FROM t WHERE x = $1"),
        ("SELECT 1 FROM a CROSS JOIN b ON TRUE", "SELECT 1 FROM a JOIN b ON TRUE"),
        (
            "SELECT 1 FROM a CROSS JOIN LATERAL (b) ON TRUE",
            "SELECT 1 FROM a JOIN LATERAL (b) ON TRUE",
        ),
    ],
)
def test_placeholders_and_hints_are_put_in_its_words(sql: str, said: str) -> None:
    assert translated(sql).text == said


# --- who has written in between ------------------------------------------------------------------
def _write(store: PostgresStore) -> int:
    store.run("BEGIN IMMEDIATE")
    version = store.data_version
    store.run("UPDATE schema_version SET version = version")
    store.run("COMMIT")
    return version


@pytest.fixture
def alone(url: str) -> Iterator[PostgresStore]:
    """Give a store that has the server to itself, as its numbers show."""
    with closing(opening.open_writer(url)) as store:
        _write(store)
        _write(store)
        yield store


@pytest.fixture
def hand(alone: PostgresStore, url: str) -> "Iterator[psycopg.Connection]":  # after the store
    """Give a connection of somebody else's, who knows of no lock."""
    del alone
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"SET search_path = {connecting.SCHEMA}")
        yield connection


def test_what_was_read_holds_while_nobody_else_writes(alone: PostgresStore) -> None:
    first = _write(alone)
    alone.row("SELECT 1")
    assert [_write(alone), _write(alone)] == [first, first]


def test_readers_change_nothing(alone: PostgresStore, hand: psycopg.Connection) -> None:
    first = _write(alone)
    with hand.transaction():
        hand.execute("SELECT * FROM schema_version").fetchall()
        assert _write(alone) == first


def test_what_a_hand_has_written_in_between_is_read(
    alone: PostgresStore, hand: psycopg.Connection
) -> None:
    first = _write(alone)
    hand.execute("INSERT INTO counters (name, value) VALUES ('x', 1)")
    assert _write(alone) != first


@pytest.mark.parametrize("begins", ["before", "amid"])
def test_what_a_hand_had_begun_before_and_commits_in_between_is_read(
    alone: PostgresStore, hand: psycopg.Connection, begins: str
) -> None:
    """Its number comes before one of ours, and what it wrote is seen after that one only."""
    _write(alone)
    if begins == "before":
        hand.execute("BEGIN")
        hand.execute("INSERT INTO counters (name, value) VALUES ('x', 1)")
    alone.run("BEGIN IMMEDIATE")
    if begins == "amid":
        hand.execute("BEGIN")
        hand.execute("INSERT INTO counters (name, value) VALUES ('x', 1)")
    seen = alone.data_version
    assert _count(alone) == 0
    alone.run("COMMIT")
    hand.execute("COMMIT")
    alone.run("BEGIN IMMEDIATE")
    assert alone.data_version != seen
    assert _count(alone) == 1
    alone.run("COMMIT")


def test_over_a_new_connection_everything_is_read_anew(alone: PostgresStore) -> None:
    first = _write(alone)
    alone.connection.close()
    assert _write(alone) != first


# --- opening ------------------------------------------------------------------------------------
def test_every_step_of_sqlite_has_its_step_here() -> None:
    numbers = [number for number, _, _ in migrations.postgresql_steps()]
    first = numbers[0]
    assert first == 14
    assert numbers == list(range(first, len(migrations.steps()) + 1))


def test_the_schema_is_made_beside_others_which_are_left_alone(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE streams (mine INTEGER)")
        connection.execute("INSERT INTO streams VALUES (5)")
    opening.open_writer(url).close()
    opening.open_writer(url).close()
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT * FROM public.streams").fetchall() == [(5,)]
        found = connection.execute("SELECT version FROM penholder.schema_version").fetchone()
        assert found == (len(migrations.steps()),)


def test_who_comes_second_finds_the_schema_made(url: str) -> None:
    opened: list[PostgresStore] = []
    threads = [
        threading.Thread(target=lambda: opened.append(opening.open_writer(url))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 4
    for store in opened:
        store.close()


def test_a_newer_schema_is_refused_and_left_as_it_is(url: str) -> None:
    opening.open_writer(url).close()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("UPDATE penholder.schema_version SET version = 9999")
    with pytest.raises(UnusableDatabase, match=r"9999.*upgrade the program"):
        opening.open_writer(url)


def test_a_schema_of_another_program_is_refused_and_left_alone(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA penholder; CREATE TABLE penholder.things (x INTEGER)")
    with pytest.raises(UnusableDatabase, match="another program"):
        opening.open_writer(url)
    with psycopg.connect(url) as connection:
        sql = "SELECT tablename FROM pg_tables WHERE schemaname = 'penholder'"
        assert connection.execute(sql).fetchall() == [("things",)]


def test_an_encoding_that_cannot_hold_every_text_is_refused(server: Server) -> None:
    url = server.make("latin", "ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    with pytest.raises(UnusableDatabase, match="UTF8"):
        opening.open_writer(url)


def test_a_server_that_is_not_there_may_come_back(server: Server) -> None:
    with pytest.raises(UnwritableDatabase, match="cannot be reached"):
        opening.open_writer(server.url("nowhere").replace("host=/", "host=/nowhere/"))


def test_a_commit_waits_for_the_disk_whatever_the_database_is_set_to(url: str) -> None:
    # The tests' server has it off.
    store = opening.open_writer(url)
    assert store.row("SHOW synchronous_commit") == ("on",)
    store.close()


def test_text_sorts_by_bytes_in_every_column(url: str) -> None:
    store = opening.open_writer(url)
    found = store.rows(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema ="
        " 'penholder' AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'"
    )
    assert list(found) == []
    store.close()


# --- faults -------------------------------------------------------------------------------------
def _end_backend(store: PostgresStore, url: str) -> None:
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (store.connection.info.backend_pid,))


def test_a_lost_connection_loses_its_transaction_and_the_next_one_connects_anew(url: str) -> None:
    store = opening.open_writer(url)
    store.run("BEGIN IMMEDIATE")
    store.run(_COUNT, "a")
    _end_backend(store, url)
    with pytest.raises(StoreFault) as caught:
        store.run(_COUNT, "b")
    assert not caught.value.outcome_unknown
    assert not store.in_transaction
    store.run("BEGIN IMMEDIATE")
    store.run(_COUNT, "c")
    store.run("COMMIT")
    assert [row[0] for row in store.rows("SELECT name FROM counters")] == ["c"]
    store.close()


def test_of_a_commit_that_was_not_made_it_is_found_out(url: str) -> None:
    store = opening.open_writer(url)
    store.run("BEGIN IMMEDIATE")
    store.run(_COUNT, "a")
    _end_backend(store, url)
    with pytest.raises(StoreFault) as caught:
        store.run("COMMIT")
    assert not caught.value.outcome_unknown
    assert _count(store) == 0
    store.close()


def test_of_a_commit_that_was_made_and_not_answered_it_is_found_out(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opening.open_writer(url)
    store.run("BEGIN IMMEDIATE")
    store.run(_COUNT, "a")
    commit = store._commit_in_one_trip

    def cut(writes: Sequence[Write]) -> bool:
        commit(writes)
        store.connection.close()
        raise psycopg.OperationalError("the connection is lost")

    monkeypatch.setattr(store, "_commit_in_one_trip", cut)
    store.run("COMMIT")
    assert not store.in_transaction
    assert _count(store) == 1
    store.close()


def test_a_transaction_that_failed_cannot_be_committed_unnoticed(url: str) -> None:
    store = opening.open_writer(url)
    store.run("BEGIN IMMEDIATE")
    store.run("SAVEPOINT request")
    with pytest.raises(psycopg.errors.UndefinedColumn):
        store.row("SELECT nothing FROM counters")
    with pytest.raises(StoreFault, match="took it back"):
        store.run("COMMIT")
    store.close()


def test_a_server_that_comes_back_is_written_to_again(server: Server) -> None:
    url = server.make("comes_back")
    store = opening.open_writer(url)
    server.stop(signal.SIGINT)
    for _ in range(2):
        with pytest.raises(StoreFault) as caught:
            store.run("BEGIN IMMEDIATE")
        assert not caught.value.outcome_unknown
        assert not store.in_transaction
    server.start()
    store.run("BEGIN IMMEDIATE")
    store.run(_COUNT, "a")
    store.run("COMMIT")
    assert _count(store) == 1
    store.close()


# --- reading ------------------------------------------------------------------------------------
def test_a_reader_sees_one_view_and_writes_nothing(url: str) -> None:
    writer, reader = opening.open_writer(url), opening.open_reader(url)
    reader.run("BEGIN")
    assert _count(reader) == 0
    writer.run(_COUNT, "a")
    assert _count(reader) == 0
    with pytest.raises(StoreFault, match="read-only"):
        reader.run(_COUNT, "b")
    assert not reader.in_transaction
    reader.run("BEGIN")
    assert _count(reader) == 1
    reader.run("COMMIT")
    reader.close()
    writer.close()


def test_no_more_rows_are_fetched_than_are_asked_for_and_a_piece(url: str) -> None:
    store = opening.open_writer(url)
    store.run("BEGIN IMMEDIATE")
    before = store.steps
    rows = store.rows("SELECT * FROM generate_series(1, 1000000)")
    assert [next(rows)[0] for _ in range(300)] == list(range(1, 301))
    assert store.steps - before < 50 * 1000
    rows.close()  # type: ignore[attr-defined]  # it is a generator
    store.run("COMMIT")
    assert store.row("SELECT COUNT(*) FROM pg_cursors WHERE name <> ''") == (0,)
    store.close()


def test_nothing_that_connects_shows_a_password(server: Server) -> None:
    url = server.url("nowhere").replace("penholder@", "penholder:secret@")
    with pytest.raises(StoreFault) as caught:
        connecting.connector(url)()
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("setting", "set_to", "holds"),
    [
        ("default_transaction_isolation", "serializable", "read committed"),
        ("default_transaction_deferrable", "on", "off"),
        ("statement_timeout", "1ms", "0"),
        ("idle_session_timeout", "1s", "0"),
        ("lock_timeout", "1h", "5s"),
        ("standard_conforming_strings", "off", "on"),
        ("bytea_output", "escape", "hex"),
        ("synchronous_commit", "off", "on"),
        ("session_replication_role", "replica", "origin"),
        ("search_path", "public", "penholder"),
    ],
)
def test_what_a_database_is_set_to_changes_nothing_here(
    url: str, setting: str, set_to: str, holds: str
) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f"ALTER DATABASE {name} SET {setting} = '{set_to}'".encode())
    try:
        store = opening.open_writer(url)
        assert store.row(f"SHOW {setting}") == (holds,)
        store.close()
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"ALTER DATABASE {name} RESET ALL".encode())


def test_a_role_for_which_no_trigger_is_at_work_is_refused(url: str) -> None:
    """It counts by triggers what others change, and who cannot have them does not serve."""
    with psycopg.connect(url, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(b"CREATE ROLE plain LOGIN")
        connection.execute(f"GRANT ALL ON DATABASE {name} TO plain".encode())
        connection.execute(b"ALTER ROLE plain SET session_replication_role = 'replica'")
        try:
            plain = url.replace("penholder@", "plain@")
            with pytest.raises(UnwritableDatabase, match="session_replication_role is 'replica'"):
                opening.open_writer(plain)
        finally:
            connection.execute(b"DROP OWNED BY plain")
            connection.execute(b"DROP ROLE plain")
