"""A disk that fails under the unmodified daemon: faults are injected into its system calls."""

import os
import re
import shutil
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.helpers.daemon_process import DaemonProcess, RawConnection, make_worker

pytestmark = pytest.mark.skipif(
    shutil.which("strace") is None, reason="strace is not installed; it injects the faults"
)


class FaultyDaemon(DaemonProcess):
    """A daemon whose system calls fail on order."""

    daemon_pid = 0
    _traced: int | None = None

    def start_with(self, fault: str) -> None:
        """Start it under strace; `fault` is such as fdatasync:error=EIO:when=20."""
        call = fault.partition(":")[0]
        strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}"]
        line = self.start([*strace, "-e", f"inject={fault}"])
        found = re.search(r"pid=(\d+)", line)
        assert found is not None
        self.daemon_pid = int(found[1])
        self._traced = os.pidfd_open(self.daemon_pid)

    def end(self) -> None:
        """Clean up; when strace ends, what it traced would go on."""
        if self._traced is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._traced, signal.SIGKILL)
            os.close(self._traced)
        super().end()


@pytest.fixture
def faulty(short_dir: Path) -> Iterator[FaultyDaemon]:
    """Give a daemon that is not started yet."""
    daemon = FaultyDaemon(short_dir)
    yield daemon
    daemon.end()


def _append(control: RawConnection, worker_id: str, number: int) -> dict[str, object]:
    return control.answer(
        control.request(
            "event.append", worker_id=worker_id, type="n", idempotency_key=f"n{number}",
            data={"number": number},
        )
    )  # fmt: skip


def _numbers(control: RawConnection, worker_id: str) -> list[int]:
    items = control.call("event.list", worker_id=worker_id, limit=1000)["items"]
    return [item["data"]["number"] for item in items]


# A sync that fails, and a disk that turns read-only in the middle of a write.
@pytest.mark.parametrize("fault", ["fdatasync:error=EIO:when=12", "pwrite64:error=EROFS:when=80+"])
def test_a_failed_write_leaves_the_outcome_unknown_and_the_daemon_exits(
    faulty: FaultyDaemon, fault: str
) -> None:
    faulty.start()
    faulty.stop()
    faulty.start_with(fault)
    acknowledged = 0
    with faulty.connect() as control:
        worker_id = make_worker(control)
        while "result" in (answer := _append(control, worker_id, acknowledged + 1)):
            acknowledged += 1
        error = answer["error"]
        assert isinstance(error, dict)
        assert error["code"] == 1009
        assert error["data"]["details"]["outcome"] == "unknown"
        assert error["data"]["retryable"] is True
    assert faulty.wait() == 1
    assert "outcome is unknown" in faulty.log()
    faulty.start()
    with faulty.connect() as control:
        for number in range(1, acknowledged + 3):
            assert "result" in _append(control, worker_id, number)
        assert _numbers(control, worker_id) == list(range(1, acknowledged + 3))


def test_a_full_disk_refuses_writes_serves_reads_and_recovers(faulty: FaultyDaemon) -> None:
    faulty.start()
    with faulty.connect() as control:
        worker_id = make_worker(control)
    faulty.stop()
    faulty.start_with("pwrite64:error=ENOSPC:when=40..80")
    refused: list[int] = []
    with faulty.connect() as control:
        for number in range(1, 101):
            answer = _append(control, worker_id, number)
            if "error" in answer:
                error = answer["error"]
                assert isinstance(error, dict)
                assert error["data"]["code"] == "STORE_FAILED"
                assert error["data"]["details"]["outcome"] == "nothing_written"
                refused.append(number)
                assert number not in _numbers(control, worker_id)
        assert refused
        assert _numbers(control, worker_id) == [n for n in range(1, 101) if n not in refused]
        events = control.call("event.list", worker_id=worker_id, limit=1000)["items"]
        assert [event["event_seq"] for event in events] == list(range(1, len(events) + 1))
    os.kill(faulty.daemon_pid, signal.SIGTERM)
    assert faulty.wait() == 0


def test_a_backup_to_where_nothing_can_be_taken_away_is_refused_as_such(
    faulty: FaultyDaemon,
) -> None:
    faulty.start()
    faulty.stop()  # from now on the database is there, and a start takes nothing away
    faulty.start_with("unlink:error=EROFS")
    with faulty.connect() as control:
        error = control.error("daemon.backup", path=str(faulty.state_dir / "copy.db"))
        assert error["data"]["code"] == "STORE_FAILED"
        assert "nothing was kept" in error["message"]
        assert control.call("daemon.health")["ready"] is True
    assert not (faulty.state_dir / "copy.db").exists()
