"""Bytes of blobs in a database that several hosts share: no row is ever without them."""

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path

import psycopg
import pytest

from penholder_daemon.core import blobs
from penholder_daemon.core.registry import Registry
from penholder_daemon.core.transaction import Rx
from penholder_daemon.rooms import all_rooms
from penholder_daemon.shell.disk.blob_copies import Holds
from penholder_daemon.shell.disk.blob_files import BlobFiles
from penholder_daemon.shell.store.postgres import connecting, opening
from penholder_daemon.shell.store.postgres.blobs import PIECE_BYTES, PostgresBlobs
from penholder_daemon.shell.store.postgres.store import PostgresStore
from penholder_daemon.shell.store.postgres.upkeep import PostgresUpkeep
from tests.helpers.fakes import FakeWorld
from tests.helpers.harness import DAEMON
from tests.helpers.waiting import until

_CONTENT = b"the same on every host"
_BLOB = f"sha256-{hashlib.sha256(_CONTENT).hexdigest()}"
_ADD_ROW = "INSERT INTO blobs (blob_id, size, put_ms) VALUES (?, ?, 0)"
_WAITS = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = %s"


class _Host:
    """The bytes as one daemon puts and removes them."""

    def __init__(self, url: str, directory: Path) -> None:
        directory.mkdir()
        self._files = BlobFiles(directory)
        connect = connecting.connector(url)
        self.bytes = PostgresBlobs(self._files, partial(opening.open_beside, connect))

    def seal(self, content: bytes = _CONTENT, blob_id: str = _BLOB) -> bool:
        self._files.write("up_1", 0, content)
        return self.bytes.seal("up_1", blob_id)


@pytest.fixture
def writer(url: str) -> Iterator[PostgresStore]:
    """Give who makes rows."""
    with closing(opening.open_writer(url)) as store:
        yield store


@pytest.fixture
def hosts(url: str, writer: PostgresStore, tmp_path: Path) -> Iterator[tuple[_Host, _Host]]:
    """Give two, once the schema is there."""
    del writer  # it has made the schema
    here, there = _Host(url, tmp_path / "here"), _Host(url, tmp_path / "there")
    with closing(here.bytes), closing(there.bytes):
        yield here, there


def _meanwhile(url: str, act: Callable[[], object], finish: Callable[[], object]) -> None:
    """Begin something that waits for what is under way, finish that, and see the end of both."""
    with psycopg.connect(url, autocommit=True) as looking, ThreadPoolExecutor() as pool:
        waits: Future[object] = pool.submit(act)
        name = looking.info.dbname
        until(lambda: looking.execute(_WAITS, (name,)).fetchone() is not None)
        finish()
        waits.result()


def test_two_hosts_put_the_same_at_the_same_moment(url: str, hosts: tuple[_Host, _Host]) -> None:
    here, there = hosts
    with here.bytes._transaction() as store:
        store.run("INSERT INTO blob_bytes (blob_id, at, bytes) VALUES (?, 0, ?)", _BLOB, _CONTENT)
        _meanwhile(url, there.seal, partial(store.run, "COMMIT"))
    assert here.bytes.read(_BLOB, 0, 100) == _CONTENT


def test_what_is_put_again_takes_the_place_of_what_was_damaged(hosts: tuple[_Host, _Host]) -> None:
    here, there = hosts
    for content in (bytes(2 * PIECE_BYTES + 1), _CONTENT, b"", bytes(PIECE_BYTES), b"x"):
        assert here.seal(content, _BLOB)
        assert there.bytes.read(_BLOB, 0, 3 * PIECE_BYTES) == content
        assert there.bytes.size_of(_BLOB) == len(content)


def test_no_bytes_are_removed_for_which_another_host_has_made_a_row(
    url: str, hosts: tuple[_Host, _Host], writer: PostgresStore
) -> None:
    here, there = hosts
    assert here.seal()
    writer.run("BEGIN IMMEDIATE")
    assert writer.holds_bytes(_BLOB)
    writer.run(_ADD_ROW, _BLOB, len(_CONTENT))
    _meanwhile(url, lambda: there.bytes.remove([_BLOB]), partial(writer.run, "COMMIT"))
    assert here.bytes.read(_BLOB, 0, 100) == _CONTENT
    writer.run("DELETE FROM blobs")
    there.bytes.remove([_BLOB])
    assert here.bytes.read(_BLOB, 0, 100) is None


def test_no_row_is_made_of_bytes_that_another_host_removes(
    hosts: tuple[_Host, _Host], writer: PostgresStore
) -> None:
    here, there = hosts
    assert here.seal()
    writer.run("BEGIN IMMEDIATE")
    with there.bytes._transaction() as store:
        store.run("SELECT at FROM blob_bytes WHERE blob_id = ? FOR UPDATE", _BLOB)
        # Not waited for either: all who write would.
        assert not writer.holds_bytes(_BLOB)
    there.bytes.remove([_BLOB])
    assert not writer.holds_bytes(_BLOB)
    writer.run("ROLLBACK")


def test_a_look_at_all_does_not_miss_what_another_host_has_removed_meanwhile(
    url: str, hosts: tuple[_Host, _Host], writer: PostgresStore
) -> None:
    here, there = hosts
    assert here.seal()
    writer.run(_ADD_ROW, _BLOB, len(_CONTENT))
    reader = opening.open_reader(url)
    upkeep = PostgresUpkeep(
        lambda: reader, here.bytes, Holds(), FakeWorld(), Registry(all_rooms()), DAEMON
    )
    with closing(reader):
        reader.run("BEGIN")
        rx = Rx(reader, FakeWorld(), DAEMON)
        assert [blob_id for blob_id, _ in blobs.all_of(rx)] == [_BLOB]
        writer.run("DELETE FROM blobs")
        there.bytes.remove([_BLOB])
        assert list(upkeep._damages(rx, deep=True)) == []
        writer.run(_ADD_ROW, _BLOB, len(_CONTENT))
        assert list(upkeep._damages(rx, deep=True)) == [f"blob {_BLOB} has no bytes"]
