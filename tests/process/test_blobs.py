"""Blobs of a real daemon: over kills at any moment, in backups, exports and restores."""

import base64
import random
import shutil
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from tests.helpers.blobs import encoded, id_of
from tests.helpers.daemon_process import DaemonProcess, Json, RawConnection, make_worker
from tests.helpers.moving_programs import moving
from tests.helpers.programs import penholder
from tests.helpers.waiting import until

_CRASHES = 15
_PART_BYTES = 64 << 10


def _put(control: RawConnection, data: bytes) -> str:
    upload_id, offset = None, 0
    while True:
        part = data[offset : offset + _PART_BYTES]
        is_last = offset + len(part) == len(data)
        answer = control.call(
            "blob.put", upload_id=upload_id, offset=offset, bytes_base64=encoded(part), last=is_last
        )
        upload_id, offset = answer["upload_id"], answer["size"]
        if is_last:
            return str(answer["blob_id"])


def _get(control: RawConnection, blob_id: str) -> bytes:
    data = b""
    while True:
        part = control.call("blob.get", blob_id=blob_id, offset=len(data))
        data += base64.b64decode(part["bytes_base64"])
        if part["eof"]:
            assert len(data) == part["size"]
            return data


def _files(daemon: DaemonProcess) -> set[str]:
    return {each.name for each in (daemon.state_dir / "blobs").iterdir()}


@pytest.fixture
def second(short_dir: Path) -> Iterator[DaemonProcess]:
    """Give another daemon, in directories where there is nothing."""
    (short_dir / "second").mkdir()
    daemon = DaemonProcess(short_dir / "second")
    yield daemon
    daemon.end()


class Putter:
    """Puts blobs and names them, again and again until acknowledged."""

    def __init__(self, daemon: DaemonProcess, worker_id: str, seed: int) -> None:
        """Put for one worker."""
        self.worker_id = worker_id
        self.named: list[str] = []
        self.enough = threading.Event()
        self._random = random.Random(seed)
        self._daemon = daemon

    def run(self) -> None:
        """Go on until told that it is enough."""
        while not self.enough.is_set():
            try:
                with self._daemon.connect() as control:
                    while not self.enough.is_set():
                        self._put_one(control)
            except (OSError, AssertionError, ValueError):
                # The daemon went away, perhaps in the middle of an answer.
                self._daemon.is_up.wait(timeout=30)

    def _put_one(self, control: RawConnection) -> None:
        # Some content comes again, so that what is kept is put anew.
        length = self._random.randrange(3 * _PART_BYTES // 1024) * 1024
        blob_id = _put(control, bytes([self._random.randrange(8)]) * length)
        control.call("event.append", worker_id=self.worker_id, type="b", blobs=[blob_id])
        self.named.append(blob_id)


def _acknowledged(putters: list[Putter]) -> int:
    return sum(len(putter.named) for putter in putters)


def _have_come_to(putters: list[Putter], count: int) -> bool:
    return _acknowledged(putters) >= count


def test_sigkill_at_any_moment_loses_nothing_that_is_named(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        putters = [Putter(daemon, make_worker(control), seed) for seed in range(3)]
    delays = random.Random(7)
    with ThreadPoolExecutor() as pool:
        running = [pool.submit(putter.run) for putter in putters]
        for _ in range(_CRASHES):
            until(partial(_have_come_to, putters, _acknowledged(putters) + 3))
            # At no moment that anything here could choose: amid whatever the daemon is at.
            time.sleep(delays.random() / 50)
            daemon.restart()
        for putter in putters:
            putter.enough.set()
        for each in running:
            each.result()
    daemon.restart()
    with daemon.connect() as control:
        for putter in putters:
            named = _named(control, putter.worker_id)
            # One may have been named without its answer having arrived, at each of the ends.
            assert _is_within(putter.named, named)
            for blob_id in set(named):
                assert id_of(_get(control, blob_id)) == blob_id
        assert control.call("daemon.verify", deep=True)["findings"] == []
        # What was cut off is cleared away; what was put and not named yet has its hour.
        until(lambda: not any(name.startswith(".") for name in _files(daemon)))
        until(lambda: _are_known(control, _files(daemon)))


def _named(control: RawConnection, worker_id: str) -> list[str]:
    named: list[str] = []
    after = 0
    while items := control.call("event.list", worker_id=worker_id, after_seq=after)["items"]:
        named += [blob_id for item in items for blob_id in item["blobs"]]
        after = items[-1]["event_seq"]
    return named


def _is_within(part: list[str], whole: list[str]) -> bool:
    rest = iter(whole)
    return all(each in rest for each in part)


def _are_known(control: RawConnection, blob_ids: set[str]) -> bool:
    answers = [control.answer(control.request("blob.get", blob_id=each)) for each in blob_ids]
    return all("result" in answer for answer in answers)


def test_an_upload_ends_with_the_run_and_what_is_kept_under_a_key_stays(
    daemon: DaemonProcess,
) -> None:
    with daemon.connect() as control:
        begun = control.call("blob.put", bytes_base64=encoded(b"half"))
        last: Json = {"bytes_base64": encoded(b"all"), "last": True, "idempotency_key": "k"}
        done = control.call("blob.put", **last)
    daemon.restart()
    with daemon.connect() as control:
        more: Json = {"upload_id": begun["upload_id"], "offset": 4, "bytes_base64": "eA=="}
        assert control.refusal("blob.put", **more) == "UPLOAD_NOT_FOUND"
        assert control.call("blob.put", **last) == done
        other = {**last, "bytes_base64": encoded(b"other")}
        assert control.refusal("blob.put", **other) == "IDEMPOTENCY_CONFLICT"
        until(lambda: _files(daemon) == {done["blob_id"]})


def test_bytes_go_with_the_last_entry_that_names_them(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        worker_id = make_worker(control)
        kept, gone = _put(control, b"kept"), _put(control, b"gone")
        for blob_id in (gone, kept):
            control.call("event.append", worker_id=worker_id, type="b", blobs=[blob_id])
        control.call("daemon.prune", keep_last=1, streams=[f"worker:{worker_id}"])
        assert control.refusal("blob.get", blob_id=gone) == "BLOB_NOT_FOUND"
        until(lambda: _files(daemon) == {kept})


def test_a_worker_puts_names_and_reads_on_its_own_socket(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        worker_id = make_worker(control)
    with daemon.connect(worker_id) as runtime:
        assert runtime.refusal("blob.put", bytes_base64="eA==") == "NOT_ATTACHED"
        runtime.call("runtime.attach")
        data = random.Random(1).randbytes(5 << 20)
        blob_id = _put(runtime, data)
        assert runtime.refusal("blob.get", blob_id=blob_id) == "DENIED"
        runtime.call("event.append", type="b", blobs=[blob_id])
        assert _get(runtime, blob_id) == data
        assert (daemon.state_dir / "blobs" / blob_id).stat().st_mode & 0o777 == 0o600


def test_damage_is_found_and_mended_by_putting_it_again(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        worker_id = make_worker(control)
        blob_ids = [_put(control, data) for data in (b"gone", b"short", b"other")]
        control.call("event.append", worker_id=worker_id, type="b", blobs=blob_ids)
        directory = daemon.state_dir / "blobs"
        (directory / blob_ids[0]).unlink()
        (directory / blob_ids[1]).write_bytes(b"sho")
        (directory / blob_ids[2]).write_bytes(b"OTHER")
        found = control.call("daemon.verify")
        assert [each["check"] for each in found["findings"]] == ["bytes_of_blobs"] * 2
        assert len(control.call("daemon.verify", deep=True)["findings"]) == 3
        assert control.refusal("blob.get", blob_id=blob_ids[0]) == "STORE_FAILED"
        assert control.refusal("daemon.backup") == "STORE_FAILED"
        for data in (b"gone", b"short", b"other"):
            _put(control, data)
        assert control.call("daemon.verify", deep=True)["ok"]
        control.call("daemon.backup")


# --- backups ------------------------------------------------------------------------------------
def _lived_in(daemon: DaemonProcess) -> tuple[str, list[str]]:
    """Have a worker whose entries name blobs; returns it and them."""
    with daemon.connect() as control:
        worker_id = make_worker(control)
        contents = (b"", b"one", random.Random(2).randbytes(3 * _PART_BYTES + 7))
        blob_ids = [_put(control, data) for data in contents]
        control.call("event.append", worker_id=worker_id, type="b", blobs=blob_ids)
    return worker_id, blob_ids


def _read_all(daemon: DaemonProcess, blob_ids: list[str]) -> None:
    with daemon.connect() as control:
        for blob_id in blob_ids:
            assert id_of(_get(control, blob_id)) == blob_id
        assert control.call("daemon.verify", deep=True)["findings"] == []


def test_a_backup_has_its_blobs_and_restores_them(
    daemon: DaemonProcess, second: DaemonProcess, short_dir: Path
) -> None:
    _, blob_ids = _lived_in(daemon)
    target = short_dir / "backup.db"
    with daemon.connect() as control:
        made = control.call("daemon.backup", path=str(target))
        assert made["blob_bytes"] == 3 + 3 * _PART_BYTES + 7
        assert {each.name for each in Path(f"{target}.blobs").iterdir()} == set(blob_ids)
        target.unlink()
        assert control.error("daemon.backup", path=str(target))["code"] == -32602
        shutil.rmtree(f"{target}.blobs")
        control.call("daemon.backup", path=str(target))
    ran = penholder(second, "restore", str(target))
    assert (ran.code, ran.err) == (0, "")
    assert (ran.json["blobs"], ran.json["lost_blobs"]) == (3, 0)
    second.start()
    _read_all(second, blob_ids)


def test_old_backups_go_with_their_blobs(daemon: DaemonProcess) -> None:
    _lived_in(daemon)
    with daemon.connect() as control:
        for _ in range(3):
            made = control.call("daemon.backup", keep_last=1)
    backups = sorted(each.name for each in (daemon.state_dir / "backups").iterdir())
    name = Path(made["path"]).name
    assert backups == [name, f"{name}.blobs"]


def test_a_restore_keeps_the_blobs_of_the_database_before_it(
    daemon: DaemonProcess, short_dir: Path
) -> None:
    _, blob_ids = _lived_in(daemon)
    target = short_dir / "backup.db"
    with daemon.connect() as control:
        control.call("daemon.backup", path=str(target))
        worker_id = make_worker(control)
        later = _put(control, b"later")
        control.call("event.append", worker_id=worker_id, type="b", blobs=[later])
    daemon.stop()
    kept = penholder(daemon, "restore", str(target)).json["kept"]
    daemon.start()
    _read_all(daemon, blob_ids)
    with daemon.connect() as control:
        assert control.refusal("blob.get", blob_id=later) == "BLOB_NOT_FOUND"
        until(lambda: _files(daemon) == set(blob_ids))
    daemon.stop()
    assert penholder(daemon, "restore", kept).code == 0
    daemon.start()
    _read_all(daemon, [*blob_ids, later])


def test_missing_blobs_refuse_a_restore_unless_it_is_to_do_without(
    daemon: DaemonProcess, second: DaemonProcess, short_dir: Path
) -> None:
    worker_id, blob_ids = _lived_in(daemon)
    target = short_dir / "backup.db"
    with daemon.connect() as control:
        control.call("daemon.backup", path=str(target))
    (Path(f"{target}.blobs") / blob_ids[1]).unlink()
    (Path(f"{target}.blobs") / blob_ids[2]).write_bytes(b"damaged")
    refused = penholder(second, "restore", str(target))
    assert refused.code == 1
    assert "2 of the blobs" in refused.err
    assert "--without-blobs" in refused.err
    assert not (second.state_dir / "penholder.db").exists()
    ran = penholder(second, "restore", str(target), "--without-blobs")
    assert (ran.code, ran.json["blobs"], ran.json["lost_blobs"]) == (0, 1, 2)
    second.start()
    _read_all(second, blob_ids[:1])
    with second.connect() as control:
        assert control.refusal("blob.get", blob_id=blob_ids[1]) == "BLOB_NOT_FOUND"
        assert control.call("event.latest", worker_id=worker_id)["blobs"] == blob_ids
    # Where the daemon has them still, the backup needs none.
    daemon.stop()
    ran = penholder(daemon, "restore", str(target))
    assert (ran.code, ran.json["lost_blobs"]) == (0, 0)
    daemon.start()
    _read_all(daemon, blob_ids)


# --- exports ------------------------------------------------------------------------------------
def test_out_and_in_again_with_blobs(
    daemon: DaemonProcess, second: DaemonProcess, short_dir: Path
) -> None:
    _, blob_ids = _lived_in(daemon)
    daemon.stop()
    file = short_dir / "export.jsonl"
    assert moving(daemon.state_dir, "export", str(file)).code == 0
    assert moving(second.state_dir, "import", "jsonl", str(file), "--dry-run").code == 0
    assert not second.state_dir.exists()
    assert moving(second.state_dir, "import", "jsonl", str(file)).code == 0
    assert moving(second.state_dir, "export").out == file.read_text()
    second.start()
    _read_all(second, blob_ids)


@pytest.mark.parametrize("harm", ["cut", "changed", "gap", "no id"])
def test_an_export_whose_blobs_are_not_whole_is_refused(
    daemon: DaemonProcess, second: DaemonProcess, harm: str
) -> None:
    _lived_in(daemon)
    daemon.stop()
    lines = moving(daemon.state_dir, "export").out.splitlines(keepends=True)
    last = lines[-1]
    harmed = {
        "cut": "",
        "changed": last.replace('"base64":"', '"base64":"AAAA', 1),
        "gap": last.replace('"offset":0', '"offset":1', 1),
        "no id": last.replace("sha256-", "../256-", 1),
    }[harm]
    ran = moving(second.state_dir, "import", "jsonl", "-", given="".join([*lines[:-1], harmed]))
    assert ran.code == 1
    second.start()
    with second.connect() as control:
        assert control.call("daemon.status")["pos"] == 0
        until(lambda: not (second.state_dir / "blobs").exists() or not _files(second))


def test_an_export_without_all_bytes_is_none(daemon: DaemonProcess) -> None:
    _, blob_ids = _lived_in(daemon)
    daemon.stop()
    (daemon.state_dir / "blobs" / blob_ids[2]).unlink()
    ran = moving(daemon.state_dir, "export")
    assert ran.code == 1
    assert "whole or none" in ran.err
