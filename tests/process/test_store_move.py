"""Moving a store between SQLite and PostgreSQL: all of it, as it was, and nobody holds anything."""

import hashlib
from contextlib import closing
from pathlib import Path

import apsw
import psycopg
import pytest

from penholder_daemon.core import verify
from penholder_daemon.core.store import Row, SqlValue, Store
from penholder_daemon.refusals import Refused
from penholder_daemon.shell.disk import blob_copies
from penholder_daemon.shell.disk.lock import AlreadyRunning, DirectoryLock
from penholder_daemon.shell.store.opening import UnusableDatabase, open_writer
from penholder_daemon.shell.store.postgres import opening as postgres_opening
from penholder_daemon.transferring import tables
from penholder_daemon.transferring.tables import Content
from penholder_daemon.transferring.transfer import Transferred, transfer
from penholder_protocol import errors
from tests.helpers import postgresql_programs
from tests.helpers.blobs import id_of
from tests.helpers.harness import Json
from tests.helpers.moving_stores import Stores, lived_in

ENDED_BY_IT = {"fences", "leases", "seats", "instances", "workers", "approvals", "counters",
               "streams", "journal", "queues", "queue_tasks", "queue_counts", "runs", "clock",
               "hosts", "journal_position", "journal_placed", "journal_places"}  # fmt: skip


@pytest.fixture
def stores(tmp_path: Path) -> Stores:
    """Give a state directory that was lived in, and an empty database of PostgreSQL."""
    return lived_in(tmp_path)


def _rows(store: Store, path_of_schema: Path) -> dict[str, list[Row]]:
    with closing(open_writer(path_of_schema)) as schema:
        listed = tables.all_of(schema)
    return {table.name: list(table.rows(store)) for table in listed}


def _content(stores: Stores) -> dict[str, list[Row]]:
    with closing(open_writer(stores.database)) as store:
        return _rows(store, stores.database)


def test_there_and_back_all_is_as_it_was_but_what_was_held(stores: Stores, tmp_path: Path) -> None:
    before = _content(stores)
    there = stores.to_postgresql()
    back = stores.to_sqlite(tmp_path / "back.db")
    with closing(open_writer(tmp_path / "back.db")) as store:
        after = _rows(store, stores.database)
        numbers = store.last_numbers()
    assert {name: len(rows) for name, rows in before.items()} == {
        name: content.rows for name, content in there.tables.items()
    }
    assert all(before[name] for name in ("journal", "idempotency", "sessions", "state_entries"))
    for name in before.keys() - ENDED_BY_IT:
        assert after[name] == before[name], name
    assert there.pos < there.goes_on_after <= back.pos < back.goes_on_after
    # What was left for hosts on the way is for none of them any more.
    numbers.pop("host_effects", None)
    with closing(open_writer(stores.database)) as store:
        assert numbers == store.last_numbers()


def test_the_source_stays_as_it_is(stores: Stores) -> None:
    def digests() -> dict[str, str]:
        return {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in stores.state_dir.iterdir()
            if path.name not in ("penholder.lock", "store_place")
        }

    before = digests()
    stores.to_postgresql()
    assert digests() == before


def test_whoever_held_anything_is_fenced(stores: Stores) -> None:
    done = stores.to_postgresql()
    assert done.ended.owners == done.ended.seats == 1
    with closing(postgres_opening.open_writer(stores.url)) as store:
        bench = stores.over(store)
        fence = {"epoch": stores.held["epoch"], "token": stores.held["token"]}
        with pytest.raises(errors.Fenced):
            bench.worker("w_new", "ctl_held", fence=fence)
        again = bench.call("controller.acquire", controller_id="ctl_held")
        assert again["epoch"] > stores.held["epoch"] + 1
        assert store.row("SELECT 1 FROM hosts WHERE state = 'active'") is None
        assert store.row("SELECT 1 FROM workers WHERE host_id IS NULL") is None
        entry: Json = bench.call("journal.read", streams=["daemon"], limit=100)["items"][-1]
        assert entry["type"] == "daemon.moved"
        assert entry["data"]["target"] == "postgresql"
        assert list(verify.findings(bench.rx(), bench.registry.rooms, deep=True)) == []


def test_numbers_go_on_from_the_highest_that_was_ever_given(stores: Stores) -> None:
    numbered = "INSERT INTO runners (runner_id, metadata, registered_at, heartbeat_at)"
    values = "VALUES (?, '{}', 't', 't')"
    with closing(open_writer(stores.database)) as store:
        store.run(f"{numbered} {values}", "gone")
        [(highest,)] = store.rows("SELECT MAX(number) FROM runners")
        store.run("DELETE FROM runners WHERE runner_id = 'gone'")
    stores.to_postgresql()
    with closing(postgres_opening.open_writer(stores.url)) as store:
        store.run("BEGIN IMMEDIATE")
        store.run(f"{numbered} {values}", "next")
        assert store.row("SELECT MAX(number) FROM runners") == (int(str(highest)) + 1,)
        store.run("INSERT INTO streams (name, last_seq) VALUES ('topic:next', 0)")
        store.run(
            "INSERT INTO idempotency (scope, method, key, params_hash, kept_ms)"
            " VALUES ('s', 'm', 'next', 'h', 0)"
        )
        store.run("ROLLBACK")


def test_what_refers_to_a_later_row_of_its_table_is_moved(stores: Stores) -> None:
    sql = (
        "INSERT INTO briefs (number, brief_id, board_id, parent_brief_id, tier, role, state,"
        " payload, retry_count, created_at, updated_at)"
        " SELECT ?, ?, board_id, ?, 1, 'r', 'queued', '{}', 0, 't', 't' FROM boards LIMIT 1"
    )
    with closing(open_writer(stores.database)) as store:
        store.run("PRAGMA foreign_keys = OFF")
        store.run(sql, 900, "child", "parent")
        store.run(sql, 901, "parent", None)
    assert stores.to_postgresql().tables["briefs"].rows > 2


def test_what_others_keep_in_the_database_is_left_alone(stores: Stores) -> None:
    with psycopg.connect(stores.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE journal (theirs TEXT)")
        connection.execute("INSERT INTO journal VALUES ('x')")
    stores.to_postgresql()
    with psycopg.connect(stores.url) as connection:
        assert connection.execute("SELECT * FROM public.journal").fetchall() == [("x",)]


def test_a_dry_run_says_the_same_and_leaves_nothing(stores: Stores, tmp_path: Path) -> None:
    tried = stores.to_postgresql(dry_run=True)
    assert stores.schemas() == set()
    done = stores.to_postgresql()
    assert tried.tables == done.tables
    back = tmp_path / "back.db"
    assert stores.to_sqlite(back, dry_run=True).tables.keys() == done.tables.keys()
    assert not back.exists()


def _spoil(stores: Stores, sql: str, *values: SqlValue) -> None:
    with closing(open_writer(stores.database)) as store:
        store.run(sql, *values)


def _refused(stores: Stores, error: type[Exception], *words: str) -> None:
    with pytest.raises(error) as told:
        stores.to_postgresql()
    assert all(word in str(told.value) for word in words), str(told.value)


def test_what_the_target_cannot_hold_is_refused_and_nothing_is_left(stores: Stores) -> None:
    _spoil(stores, "UPDATE controllers SET label = ?", "a\0b")
    _refused(stores, Refused, "U+0000", "label", "controllers")
    assert stores.schemas() == set()


def test_bytes_of_blobs_go_along_and_are_looked_at(stores: Stores, tmp_path: Path) -> None:
    for data in (b"", b"a", b"x" * (1 << 20)):
        stores.keep_blob(data)
    assert stores.to_postgresql().blobs == 3
    back = tmp_path / "back.db"
    assert stores.to_sqlite(back).blobs == 3
    files = {path.name: path.read_bytes() for path in blob_copies.beside(back).iterdir()}
    assert sorted(map(len, files.values())) == [0, 1, 1 << 20]
    assert all(name == id_of(data) for name, data in files.items())


def test_a_blob_whose_bytes_are_missing_is_refused(stores: Stores) -> None:
    stores.keep_blob(b"abc")
    (path,) = (stores.state_dir / "blobs").iterdir()
    path.write_bytes(b"abd")
    _refused(stores, Refused, path.name, "damaged")
    path.unlink()
    _refused(stores, Refused, path.name)
    assert stores.schemas() == set()


def test_a_target_that_holds_anything_is_refused(stores: Stores, tmp_path: Path) -> None:
    stores.to_postgresql()
    (stores.state_dir / "store_place").unlink()
    _refused(stores, Refused, "is not empty", "table ")
    with pytest.raises(Refused, match="is not empty"):
        stores.to_sqlite(stores.database)


def test_a_daemon_that_runs_here_or_elsewhere_is_in_the_way(stores: Stores) -> None:
    held = DirectoryLock(stores.state_dir)
    _refused(stores, AlreadyRunning, "penholder down", "systemctl")
    held.release()
    with psycopg.connect(stores.url, application_name="penholder host_1"):
        _refused(stores, AlreadyRunning, "another daemon uses", "penholder down")
    assert stores.schemas() == set()
    stores.to_postgresql()
    with (
        psycopg.connect(stores.url, application_name="penholder host_1"),
        pytest.raises(AlreadyRunning, match="another daemon uses"),
    ):
        stores.to_sqlite(stores.state_dir / "back.db")


def test_another_schema_and_a_foreign_one_are_refused(stores: Stores) -> None:
    with psycopg.connect(stores.url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA penholder")
        connection.execute("CREATE TABLE penholder.theirs (x INT)")
    with pytest.raises(Exception, match="of another program; it was left alone"):
        stores.to_postgresql()
    with pytest.raises(UnusableDatabase, match="of another program"):
        stores.to_sqlite(stores.state_dir / "back.db")
    with psycopg.connect(stores.url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA penholder CASCADE")
    with pytest.raises(Refused, match="holds no store"):
        stores.to_sqlite(stores.state_dir / "back.db")
    with closing(apsw.Connection(str(stores.database))) as connection:
        connection.execute("PRAGMA user_version = 3")
    _refused(stores, Refused, "has schema 3", "upgrades it")


def test_a_table_that_is_read_back_otherwise_undoes_all(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "content_of", lambda *_: Content(1, "another"))
    _refused(stores, Refused, "read back")
    assert stores.schemas() == set()


def test_what_would_not_be_sound_is_refused(stores: Stores) -> None:
    _spoil(stores, "UPDATE streams SET last_seq = last_seq + 1 WHERE stream_id = 1")
    _refused(stores, Refused, "streams_without_gap")
    assert stores.schemas() == set()


def test_a_state_directory_without_a_database_is_told(tmp_path: Path) -> None:
    postgresql_programs.require()
    with pytest.raises(Refused, match="there is no database"):
        transfer(tmp_path / "none", "postgresql://h/d", None, dry_run=True)


def test_where_to_is_one_of_two_kinds(tmp_path: Path) -> None:
    for to in ("mysql://h/d", "/a/path", ""):
        with pytest.raises(Refused, match="no kind of store"):
            transfer(tmp_path, to, None, dry_run=True)
    with pytest.raises(Refused, match="no PostgreSQL is named"):
        transfer(tmp_path, "sqlite:", None, dry_run=True)


def test_what_was_moved_is_told_of_every_table(stores: Stores) -> None:
    done: Transferred = stores.to_postgresql()
    assert len(done.tables) > 40
    assert all(len(content.sha256) == 64 for content in done.tables.values())
