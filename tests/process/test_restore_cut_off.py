"""A restore cut off just before its rename, and then a daemon in place of another restore.

The old database's log has gone to its second name by then. The daemon may still be able to open
what the restore could not: one that is damaged in part, or of a newer schema.
"""

import errno
import os
import shutil
from pathlib import Path

import pytest

from penholder_daemon.core.handed_out import HandedOut
from penholder_daemon.restoring import current
from penholder_daemon.restoring.restore import restore
from tests.frozen.make import HERE
from tests.helpers.daemon_process import DaemonProcess, make_worker


class CutOff(Exception):
    """The restore ends here, as if it were killed: nothing of it runs any more but the test."""


@pytest.fixture
def killed(daemon: DaemonProcess) -> DaemonProcess:
    """Give a daemon that was killed with an acknowledged event in its log alone."""
    with daemon.connect() as control:
        worker_id = make_worker(control, worker_id="w_1")
        control.call("event.append", worker_id=worker_id, type="acknowledged")
    daemon.kill()
    return daemon


@pytest.mark.parametrize("at", ["link", "unlink", "rename"])
def test_the_daemon_gives_the_old_one_its_log_back(
    killed: DaemonProcess, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    def cut_off(*_words: object, **_named: object) -> None:
        raise CutOff

    def unknown(*_words: object) -> HandedOut:
        return HandedOut(is_all=False)

    monkeypatch.setattr(current, "look", unknown)
    with monkeypatch.context() as dying:
        _cut_off_at(dying, at, killed.state_dir, cut_off)
        with pytest.raises(CutOff):
            restore(HERE / "schema_4.db", killed.state_dir)
    kept = list(killed.state_dir.glob("backups/replaced-*"))
    assert kept or at == "link"
    killed.start()
    with killed.connect() as control:
        events = control.call("event.list", worker_id="w_1")["items"]
    assert [event["type"] for event in events] == ["acknowledged"]
    assert list(killed.state_dir.glob("backups/replaced-*")) == []


def _cut_off_at(dying: pytest.MonkeyPatch, at: str, state_dir: Path, cut_off: object) -> None:
    if at != "unlink":
        dying.setattr(os, at, cut_off)
        return
    unlink = Path.unlink

    def sometimes(path: Path, missing_ok: bool = False) -> None:
        if path == state_dir / "penholder.db-shm":
            raise CutOff
        unlink(path, missing_ok)

    dying.setattr(Path, "unlink", sometimes)


def _mount(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Have a directory behave as a disk of its own, to and from which nothing can be linked."""
    link = os.link

    def across(source: Path, target: Path, **how: bool) -> None:
        if (source.parent.name == name) != (target.parent.name == name):
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        link(source, target, **how)

    monkeypatch.setattr(os, "link", across)


def test_beside_backups_on_another_disk_the_old_one_gets_its_log_back_too(
    killed: DaemonProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(*_words: object, **_named: object) -> None:
        raise CutOff

    monkeypatch.setattr(current, "look", lambda *_: HandedOut(is_all=False))
    with monkeypatch.context() as dying:
        _mount(dying, "backups")
        dying.setattr(os, "rename", cut_off)
        with pytest.raises(CutOff):
            restore(HERE / "schema_4.db", killed.state_dir)
    assert {each.suffix for each in killed.state_dir.glob("replaced-*")} >= {".db", ".db-wal"}
    killed.start()
    with killed.connect() as control:
        events = control.call("event.list", worker_id="w_1")["items"]
    assert [event["type"] for event in events] == ["acknowledged"]
    assert list(killed.state_dir.glob("replaced-*")) == []


@pytest.mark.parametrize("mounted", ["backups", "blobs"])
def test_the_old_one_is_kept_whole_where_a_directory_is_another_disk(
    daemon: DaemonProcess, monkeypatch: pytest.MonkeyPatch, mounted: str
) -> None:
    with daemon.connect() as control:
        make_worker(control, worker_id="w")
        blob_id = control.call("blob.put", bytes_base64="aGk=", last=True)["blob_id"]
        control.call("event.append", worker_id="w", type="old", blobs=[blob_id])
    daemon.stop()
    with monkeypatch.context() as disks:
        _mount(disks, mounted)
        kept = restore(HERE / "schema_4.db", daemon.state_dir).kept
    assert kept is not None
    beside = daemon.state_dir if mounted == "backups" else daemon.state_dir / "backups"
    assert Path(kept).parent == beside
    assert (Path(f"{kept}.blobs") / blob_id).read_bytes() == b"hi"
    shutil.rmtree(daemon.state_dir / "blobs")
    restore(Path(kept), daemon.state_dir)
    daemon.start()
    with daemon.connect() as control:
        (event,) = control.call("event.list", worker_id="w")["items"]
        assert event["type"] == "old"
        assert control.call("blob.get", blob_id=blob_id)["bytes_base64"] == "aGk="
