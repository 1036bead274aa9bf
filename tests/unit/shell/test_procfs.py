"""Whether a process lives, asked in every way in which it could be told wrongly."""

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from penholder_daemon.core.world import Process
from penholder_daemon.shell.kernel import procfs

MAIN_THREAD_ENDS = """
import ctypes, sys, threading
threading.Thread(target=sys.stdin.read).start()
ctypes.CDLL(None).syscall(60, 0)
"""


@pytest.fixture
def started() -> Iterator[subprocess.Popen[bytes]]:
    """Give a process that waits for the end of its stdin."""
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def _process(pid: int) -> Process:
    status = procfs.read_status(pid)
    assert status is not None
    return Process(pid, status.started_ticks)


def test_a_living_process_and_no_other_of_its_pid(started: subprocess.Popen[bytes]) -> None:
    process = _process(started.pid)
    assert procfs.lives(process)
    assert not procfs.lives(Process(process.pid, process.started_ticks + 1))


def test_a_zombie_is_dead(started: subprocess.Popen[bytes]) -> None:
    process = _process(started.pid)
    started.kill()
    os.waitid(os.P_PID, started.pid, os.WEXITED | os.WNOWAIT)
    assert Path(f"/proc/{started.pid}/stat").exists()
    assert not procfs.lives(process)
    started.wait()
    assert not procfs.lives(process)


def test_a_process_lives_without_its_main_thread() -> None:
    argv = [sys.executable, "-c", MAIN_THREAD_ENDS]
    with subprocess.Popen(argv, stdin=subprocess.PIPE) as started:
        process = _process(started.pid)
        stat = Path(f"/proc/{started.pid}/stat")
        while stat.read_text().rpartition(")")[2].split()[0] != "Z":
            assert started.poll() is None
            os.sched_yield()
        assert procfs.lives(process)
        started.kill()
        started.wait()
        assert not procfs.lives(process)


def test_a_pid_that_means_a_thread_means_no_process(started: subprocess.Popen[bytes]) -> None:
    for number in (errno.EINVAL, errno.ENOENT, errno.ESRCH):
        assert number in procfs._GONE
    tasks = [int(task.name) for task in Path("/proc/self/task").iterdir()]
    assert os.getpid() in tasks
    assert procfs.open_exactly(Process(started.pid, 0)) is None


def test_a_process_of_a_lower_namespace_has_other_numbers(
    started: subprocess.Popen[bytes],
) -> None:
    assert not procfs.has_own_pids(started.pid)
    assert not procfs.has_own_pids(2**22 + 1)
    argv = ["unshare", "--pid", "--fork", "--kill-child", "cat"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as outside:
        children = Path(f"/proc/{outside.pid}/task/{outside.pid}/children")
        while outside.poll() is None and not children.read_text():
            os.sched_yield()
        if outside.poll() is not None:
            pytest.skip("no pid namespace can be made here")
        assert procfs.has_own_pids(int(children.read_text()))


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM])
def test_what_the_daemon_lacks_kills_nobody(
    started: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    process = _process(started.pid)

    def refuse(_pid: int) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "pidfd_open", refuse)
    assert procfs.lives(process)
    with pytest.raises(OSError, match=os.strerror(number)):
        procfs.open_exactly(process)
