"""The writing connection: what counts as progress, and what it does while it cannot write."""

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from penholder_daemon.core.commit import Committer
from penholder_daemon.core.store import Store, StoreBusy
from penholder_daemon.rooms import build_registry
from penholder_daemon.shell.store import opening, writer_connection
from penholder_daemon.shell.store.database import file_bytes
from penholder_daemon.shell.store.opening import UnwritableDatabase
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
        self.connection = WriterConnection(path, self.gate, self._make)

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
