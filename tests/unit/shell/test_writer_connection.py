"""The writing connection: what counts as progress, and what it does while it cannot write."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import pytest

from penholder_daemon.core.commit import Committer
from penholder_daemon.core.method import Invocation
from penholder_daemon.core.store import Store, StoreBusy, StoreFault
from penholder_daemon.rooms import build_registry
from penholder_daemon.shell.disk.database_files import file_bytes
from penholder_daemon.shell.store import opening, writer_connection
from penholder_daemon.shell.store.database import WriterStore
from penholder_daemon.shell.store.opening import UnusableDatabase, UnwritableDatabase
from penholder_daemon.shell.store.shm_gate import ShmGate
from penholder_daemon.shell.store.writer_connection import WriterConnection
from penholder_protocol.errors import StoreFailed
from tests.helpers.compared import ComparedCommitter
from tests.helpers.fakes import FakeWorld
from tests.helpers.harness import Bench

_LONG = (
    "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 200000)"
    " SELECT max(x) FROM n"
)


class Opened:
    """A connection with the store that its committer was made with."""

    def __init__(self, path: Path) -> None:
        """Open it."""
        self.gate = ShmGate()
        self.store: Store | None = None
        self.connection = WriterConnection(path, self.gate, self._make, FakeWorld().host_id)

    def write(self, call: Invocation) -> None:
        """Have a call written."""
        (written,) = self.connection.run([call], lambda _: None).answers
        assert isinstance(written, bytes)

    def _make(self, store: Store) -> Committer:
        self.store = store
        return ComparedCommitter(
            store, FakeWorld(), build_registry(), lambda _call, bug: _fail(bug)
        )


def _fail(bug: Exception) -> None:
    raise bug


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    """Give one on a database of its own."""
    opened = Opened(tmp_path / "p.db")
    yield opened
    opened.connection.close()


@pytest.fixture
def call(bench: Bench) -> Invocation:
    """Give a mutation that may be made again."""
    given = {"controller_id": "c", "label": "c", "workspace_key": "/"}
    return bench.invocation("controller.register", dict(given))


def test_a_long_statement_is_progress_while_it_runs(opened: Opened) -> None:
    assert opened.store is not None
    before = opened.connection.progressed_at
    rows = opened.store.rows(_LONG)
    assert next(rows) == (200_000,)
    # The statement is still open: nothing but its own steps has been told of.
    assert opened.connection.progressed_at > before


def test_idling_is_progress_too(opened: Opened) -> None:
    before = opened.connection.progressed_at
    assert opened.connection.heartbeat().answers == []
    assert opened.connection.progressed_at > before


def test_the_gate_opens_when_it_can_write(opened: Opened) -> None:
    assert opened.gate.is_open
    assert opened.connection.fault is None


def test_closing_leaves_an_empty_log_beside_the_database(tmp_path: Path) -> None:
    opened = Opened(tmp_path / "p.db")
    opened.connection.close()
    assert (tmp_path / "p.db-wal").stat().st_size == 0
    assert (tmp_path / "p.db-shm").exists()


def test_a_first_start_that_cannot_make_its_database_says_why(tmp_path: Path) -> None:
    with pytest.raises(UnwritableDatabase, match="unable to open"):
        Opened(tmp_path / "nowhere" / "p.db")


def _overwrite(database: Path) -> None:
    database.write_bytes(database.read_bytes()[:4096] * 3)


def _cut_database(database: Path) -> None:
    os.truncate(database, 0)


def _cut_log(database: Path) -> None:
    os.truncate(f"{database}-wal", 0)


@pytest.mark.parametrize("meddle", [_overwrite, _cut_database, _cut_log])
def test_nothing_is_written_any_more_to_files_that_were_changed_in_place(
    tmp_path: Path, call: Invocation, meddle: Callable[[Path], None]
) -> None:
    database = tmp_path / "p.db"
    opened = Opened(database)
    opened.write(call)
    before = database.read_bytes()
    meddle(database)
    left = _bytes_of(database)
    (refused,) = opened.connection.run([call], lambda _: None).answers
    assert isinstance(refused, StoreFailed)
    assert refused.details["outcome"] == "nothing_written"
    assert "penholder restore" in str(opened.connection.fault)
    # Also where what was there is there again: what was noted of the log is not to be believed.
    database.write_bytes(before)
    assert opened.connection.heartbeat().answers == []
    meddle(database)
    opened.connection.checkpoint()
    opened.connection.close()
    assert _bytes_of(database) == left
    with pytest.raises(UnusableDatabase, match="written over or cut off"):
        Opened(database)
    assert _bytes_of(database) == left


def _bytes_of(database: Path) -> tuple[bytes, bytes]:
    return database.read_bytes(), Path(f"{database}-wal").read_bytes()


def test_the_log_is_not_moved_onto_a_database_that_was_changed_after_the_last_batch(
    tmp_path: Path, call: Invocation
) -> None:
    database = tmp_path / "p.db"
    opened = Opened(database)
    opened.write(call)
    _overwrite(database)
    left = _bytes_of(database)
    opened.connection.close()
    assert _bytes_of(database) == left


def test_our_own_checkpoints_change_nothing(tmp_path: Path, call: Invocation) -> None:
    opened = Opened(tmp_path / "p.db")
    log = tmp_path / "p.db-wal"
    assert isinstance(opened.store, WriterStore)
    for now in (1.0, 2.0, 3.0):
        opened.store.run("CREATE TABLE large (x)")
        opened.store.run(f"INSERT INTO large VALUES (randomblob({3000 * 4096}))")
        opened.store.run("DROP TABLE large")
        opened.write(call)
        opened.store.checkpoint_if_due(now)
        assert file_bytes(log) == 0  # moved and cut back
        opened.write(call)
    assert opened.connection.fault is None
    opened.connection.close()


@pytest.mark.parametrize("mode", ["PASSIVE", "RESTART", "TRUNCATE"])
def test_a_checkpoint_of_another_program_is_none_of_these_faults(
    tmp_path: Path, call: Invocation, mode: str
) -> None:
    opened = Opened(tmp_path / "p.db")
    another = apsw.Connection(str(tmp_path / "p.db"))
    for _ in range(3):
        opened.write(call)
        another.execute(f"PRAGMA wal_checkpoint({mode})").fetchall()
        opened.write(call)
    another.close()
    # It has excused nothing that comes after it.
    _overwrite(tmp_path / "p.db")
    assert isinstance(opened.connection.run([call], lambda _: None).answers[0], StoreFailed)
    opened.connection.close()


def _damage_a_table(database: Path) -> None:
    Opened(database).connection.close()
    connection = apsw.Connection(str(database))
    sql = "SELECT rootpage FROM sqlite_schema WHERE name = 'journal'"
    page = connection.execute(sql).get
    connection.close()
    with database.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)


def test_damage_that_a_read_meets_ends_writing_until_a_restart(
    tmp_path: Path, call: Invocation
) -> None:
    _damage_a_table(tmp_path / "p.db")
    opened = Opened(tmp_path / "p.db")
    reader = opening.open_reader(tmp_path / "p.db", opened.gate.damage)
    with pytest.raises(StoreFault, match="malformed"):
        reader.row("SELECT * FROM journal")
    (refused,) = opened.connection.run([call], lambda _: None).answers
    assert isinstance(refused, StoreFailed)
    assert "malformed" in str(opened.connection.fault)
    with pytest.raises(StoreFault, match="penholder restore"):
        reader.row("SELECT * FROM what_is_gone")
    reader.close()
    opened.connection.close()
    assert Opened(tmp_path / "p.db").connection.fault is None


def test_nothing_is_written_to_files_that_were_moved_away(tmp_path: Path, bench: Bench) -> None:
    opened = Opened(tmp_path / "p.db")
    call = bench.invocation("controller.register", {"controller_id": "c", "label": "c",
                                                    "workspace_key": "/"})  # fmt: skip
    for file in ("p.db", "p.db-wal"):
        (tmp_path / file).rename(tmp_path / "away")
        (refused,) = opened.connection.run([call], lambda _: None).answers
        assert isinstance(refused, StoreFailed)
        assert "removed or replaced" in str(refused)
        assert str(opened.connection.fault) in str(refused)
        assert opened.connection.heartbeat().answers == []
        (tmp_path / "away").rename(tmp_path / file)
        (written,) = opened.connection.run([call], lambda _: None).answers
        assert isinstance(written, bytes)
        assert opened.connection.fault is None
    opened.connection.close()


def test_who_does_not_wait_for_anothers_lock_takes_nothing_from_the_batch(
    opened: Opened, tmp_path: Path, bench: Bench
) -> None:
    given = {"controller_id": "c", "label": "c", "workspace_key": "/"}
    call = bench.invocation("controller.register", dict(given))
    batch = iter([call])
    another = apsw.Connection(str(tmp_path / "p.db"))
    another.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy):
        opened.connection.run(batch, lambda _: None, waits=False)
    assert opened.connection.fault is None
    another.execute("COMMIT")
    (written,) = opened.connection.run(batch, lambda _: None, waits=False).answers
    assert isinstance(written, bytes)
    another.close()


def test_who_does_not_wait_does_not_open_the_database_again(
    tmp_path: Path, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "BUSY_MS", 0)
    monkeypatch.setattr(writer_connection, "_TRY_AGAIN_SECONDS", 0.0)
    Opened(tmp_path / "p.db").connection.close()
    another = apsw.Connection(str(tmp_path / "p.db"))
    another.execute("BEGIN IMMEDIATE")
    opened = Opened(tmp_path / "p.db")  # cannot be written, so reads are served for now
    another.execute("COMMIT")
    another.close()
    call = bench.invocation("controller.register", {"controller_id": "c", "label": "c",
                                                    "workspace_key": "/"})  # fmt: skip
    batch = iter([call])
    with pytest.raises(StoreBusy):
        opened.connection.run(batch, lambda _: None, waits=False)
    assert not opened.gate.is_open
    (written,) = opened.connection.run(batch, lambda _: None).answers
    assert isinstance(written, bytes)
    opened.connection.close()


def test_sizes_are_told_whatever_is_in_the_place_of_the_state_directory(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    assert file_bytes(tmp_path / "state/p.db") == 0
    (tmp_path / "loop").symlink_to("loop")
    assert file_bytes(tmp_path / "loop/p.db") == 0
