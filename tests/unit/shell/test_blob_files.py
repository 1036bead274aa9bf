"""The bytes of blobs as files: private, without links, whole or not there."""

import os
import stat
from pathlib import Path

import pytest

from penholder_daemon.core.store import StoreFault
from penholder_daemon.shell.blobs.keeper import BlobKeeper
from penholder_daemon.shell.disk import blob_copies, blob_files
from penholder_daemon.shell.disk.backups import BACKUP
from penholder_daemon.shell.disk.blob_files import BlobFiles
from penholder_daemon.shell.disk.copying import CopyFailed
from penholder_daemon.shell.fairness.write_queue import WriteJob
from penholder_protocol.limits import MAX_BLOB_BYTES
from tests.helpers.blobs import id_of, in_turn
from tests.helpers.harness import DAEMON, Bench

ONE = id_of(b"one")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Name a directory that is not there yet."""
    return tmp_path / "blobs"


@pytest.fixture
def files(directory: Path) -> BlobFiles:
    """Give files in it."""
    return BlobFiles(directory)


def _put(files: BlobFiles, data: bytes, name: str = "1") -> str:
    files.write(name, 0, data)
    files.sync(name)
    assert files.seal(name, id_of(data))
    return id_of(data)


def test_it_is_made_private_with_the_first_part(files: BlobFiles, directory: Path) -> None:
    assert files.read(ONE, 0, 1) is None
    assert list(files.left_over()) == []
    files.remove([ONE])
    assert not directory.exists()
    old_mask = os.umask(0)
    try:
        _put(files, b"one")
    finally:
        os.umask(old_mask)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert stat.S_IMODE((directory / ONE).stat().st_mode) == 0o600


def test_pieces_are_read_back(files: BlobFiles) -> None:
    files.write("1", 0, b"onex")
    files.write("1", 3, b"two")
    assert files.read_upload("1", 2, 3) == b"etw"
    files.sync("1")
    assert files.seal("1", id_of(b"onetwo"))
    assert files.read(id_of(b"onetwo"), 0, 100) == b"onetwo"
    assert files.read(id_of(b"onetwo"), 4, 1) == b"w"
    assert files.read(id_of(b"onetwo"), 9, 1) == b""


def test_a_seal_may_come_twice_and_knows_what_is_nowhere(files: BlobFiles) -> None:
    _put(files, b"one")
    files.sync("1")
    assert files.seal("1", ONE)
    files.remove([ONE])
    assert not files.seal("1", ONE)


def test_what_is_put_again_replaces_what_is_damaged(files: BlobFiles, directory: Path) -> None:
    _put(files, b"one")
    (directory / ONE).write_bytes(b"o")
    _put(files, b"one", "2")
    assert files.read(ONE, 0, 9) == b"one"


@pytest.mark.parametrize("name", ["../penholder.db", "sha256-x", "", "sha256-" + "A" * 64, "/etc"])
def test_what_is_no_id_never_becomes_a_path(files: BlobFiles, name: str) -> None:
    _put(files, b"one")
    with pytest.raises(ValueError, match="is no id"):
        files.read(name, 0, 1)
    with pytest.raises(ValueError, match="is no id"):
        files.remove([name])
    with pytest.raises(ValueError, match="is no id"):
        files.seal("1", name)


def test_no_link_is_followed(files: BlobFiles, directory: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    _put(files, b"two")
    (directory / ONE).symlink_to(secret)
    with pytest.raises(StoreFault, match="cannot be read"):
        files.read(ONE, 0, 10)
    directory.rename(tmp_path / "elsewhere")
    directory.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreFault):
        files.read(id_of(b"two"), 0, 10)
    with pytest.raises(StoreFault):
        files.write("1", 0, b"x")
    assert secret.read_bytes() == b"secret"


def test_what_is_no_plain_file_is_not_read(files: BlobFiles, directory: Path) -> None:
    _put(files, b"two")
    os.mkfifo(directory / ONE)
    with pytest.raises(StoreFault, match="no plain file"):
        files.read(ONE, 0, 10)


def test_a_directory_that_was_removed_is_made_again(files: BlobFiles, directory: Path) -> None:
    _put(files, b"one")
    (directory / ONE).unlink()
    directory.rmdir()
    assert files.read(ONE, 0, 1) is None
    _put(files, b"one", "2")
    assert files.read(ONE, 0, 9) == b"one"


def test_the_next_run_clears_uploads_away_and_leaves_its_own(directory: Path) -> None:
    before, now = BlobFiles(directory), BlobFiles(directory)
    _put(before, b"one")
    before.write("2", 0, b"half")
    now.write("1", 0, b"mine")
    (directory / "notes.txt").write_text("a person's")
    assert list(now.left_over()) == [ONE]
    names = {each.name.partition("-")[0] for each in directory.iterdir()}
    assert names == {"sha256", ".upload", "notes.txt"}
    assert now.read_upload("1", 0, 9) == b"mine"


def test_a_full_disk_is_told(files: BlobFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(StoreFault, match="No space left"):
        files.write("1", 0, b"x")


# --- copies -------------------------------------------------------------------------------------
@pytest.fixture
def two(files: BlobFiles, directory: Path) -> Path:
    """Give a directory with two blobs."""
    _put(files, b"one")
    _put(files, b"two", "2")
    return directory


def _never() -> bool:
    return False


def test_a_copy_has_its_blobs_beside_it(two: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    blob_copies.keep_beside(target, [ONE, id_of(b"two")], two, _never)
    beside = tmp_path / "copy.db.blobs"
    assert sorted(blob_copies.names_in(beside)) == sorted([ONE, id_of(b"two")])
    assert {stat.S_IMODE(each.stat().st_mode) for each in beside.iterdir()} == {0o600}
    assert stat.S_IMODE(beside.stat().st_mode) == 0o700
    assert (beside / ONE).stat().st_ino != (two / ONE).stat().st_ino


def test_without_blobs_there_is_no_directory(two: Path, tmp_path: Path) -> None:
    blob_copies.keep_beside(tmp_path / "copy.db", [], two, _never)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["blobs"]


@pytest.mark.parametrize("damage", [b"onx", b"on", None])
def test_what_is_damaged_is_not_copied(two: Path, tmp_path: Path, damage: bytes | None) -> None:
    if damage is None:
        (two / ONE).unlink()
    else:
        (two / ONE).write_bytes(damage)
    with pytest.raises(CopyFailed):
        blob_copies.keep_beside(tmp_path / "copy.db", [id_of(b"two"), ONE], two, _never)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["blobs"]


def test_a_copy_ends_when_it_must(two: Path, tmp_path: Path) -> None:
    with pytest.raises(CopyFailed, match="stops"):
        blob_copies.keep_beside(tmp_path / "copy.db", [ONE], two, lambda: True)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["blobs"]


def test_what_is_there_by_that_name_is_left_alone(two: Path, tmp_path: Path) -> None:
    mine = tmp_path / "copy.db.blobs"
    mine.mkdir()
    (mine / "notes").write_text("a person's")
    with pytest.raises(CopyFailed):
        blob_copies.keep_beside(tmp_path / "copy.db", [ONE], two, _never)
    assert (mine / "notes").read_text() == "a person's"


@pytest.mark.parametrize("deep", [False, True])
def test_damages_are_told(two: Path, deep: bool) -> None:
    known = [(ONE, 3), (id_of(b"two"), 3), (id_of(b"gone"), 4)]
    (two / id_of(b"two")).write_bytes(b"twx")
    found = list(blob_copies.damages(known, two, _never, deep=deep))
    assert len(found) == (2 if deep else 1)
    (two / ONE).write_bytes(b"longer")
    found = list(blob_copies.damages(known, two, _never, deep=deep))
    assert "6 bytes" in found[0]
    assert "has no file" in found[-1]


def test_second_names_share_the_bytes(two: Path, tmp_path: Path) -> None:
    kept = tmp_path / "replaced.db"
    blob_copies.link_beside(kept, [ONE], two)
    blob_copies.link_beside(kept, [ONE], two)
    (two / ONE).unlink()
    assert blob_copies.is_whole(ONE, tmp_path / "replaced.db.blobs")
    assert not blob_copies.is_whole(ONE, two)


def test_of_a_copy_that_never_got_its_name_nothing_is_left(two: Path, tmp_path: Path) -> None:
    backups = tmp_path / "backups"
    backups.mkdir()
    time = "20260131T120000.000Z"
    for name in (
        f".penholder-{time}.db.blobs.partial",
        f"penholder-{time}.db.blobs",
        f"penholder-{time.replace('31', '30')}.db.blobs",
        "mine.blobs",
        "notes",
    ):
        (backups / name).mkdir()
        (backups / name / ONE).write_bytes(b"one")
    (backups / f"penholder-{time.replace('31', '30')}.db").touch()
    blob_copies.clear_left_over(backups, BACKUP)
    assert sorted(each.name for each in backups.iterdir()) == [
        "mine.blobs",
        "notes",
        f"penholder-{time.replace('31', '30')}.db",
        f"penholder-{time.replace('31', '30')}.db.blobs",
    ]


def test_a_file_that_is_larger_than_any_blob_is_not_read_to_its_end(
    two: Path, tmp_path: Path
) -> None:
    os.truncate(two / ONE, MAX_BLOB_BYTES + 1)
    (tmp_path / "copy").mkdir()
    with pytest.raises(OSError, match="larger than any blob"):
        blob_copies.copy(ONE, two, tmp_path / "copy", lambda: False)
    assert list((tmp_path / "copy").iterdir()) == []
    assert not blob_copies.is_whole(ONE, two)


def test_ids_are_as_everywhere() -> None:
    assert blob_files.BLOB_ID.fullmatch(ONE)


async def test_bytes_are_on_disk_before_their_name_and_the_name_before_the_row(
    bench: Bench, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power loss shows no more than what was synced: each step relies on the one before it."""
    done: list[str] = []
    sync, rename = os.fsync, os.rename

    def noted_sync(descriptor: int) -> None:
        sync(descriptor)
        done.append("directory" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "bytes")

    def noted_rename(old: str, new: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
        rename(old, new, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)
        done.append("name")

    def submit(job: WriteJob) -> None:
        (answer,) = bench.run([job.call])
        done.append("row")
        job.done(answer)

    files = BlobFiles(directory)
    keeper = BlobKeeper(files, bench.world, bench.registry, DAEMON, submit, in_turn)
    await keeper.put(DAEMON, "u", 0, b"on", last=False, stored_bytes=0)
    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(os, "rename", noted_rename)
    await keeper.put(DAEMON, "u", 2, b"e", last=True, stored_bytes=0)
    assert done == ["bytes", "name", "directory", "row"]
