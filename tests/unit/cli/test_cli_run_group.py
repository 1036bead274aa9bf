"""Groups of processes: who lives in one, and that nobody looks again and again."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from penholder.cli.run import group
from penholder.cli.run.group import (
    Group,
    Left,
    end,
    fields_of,
    left_behind,
    started_ticks,
    wait_gone,
)
from penholder.cli.run.telling import words_that_fit

MAIN_THREAD_ENDS = """
import ctypes, sys, threading
threading.Thread(target=sys.stdin.read).start()
ctypes.CDLL(None).syscall(60, 0)
"""


@pytest.fixture
def leader() -> Iterator[subprocess.Popen[bytes]]:
    """Give a process with a group of its own that waits for the end of its stdin."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, process_group=0) as process:
        yield process
        process.kill()


def group_of(process: subprocess.Popen[bytes]) -> Group:
    """Return the group that a process leads."""
    return Group(process.pid, started_ticks(process.pid))


def test_waiting_looks_at_all_processes_once_for_each_end(
    leader: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[None] = []
    real = group.all_pids

    def counted() -> Iterator[int]:
        looks.append(None)
        return real()

    monkeypatch.setattr(group, "all_pids", counted)
    waiting = threading.Thread(target=wait_gone, args=(group_of(leader),))
    waiting.start()
    while not looks:
        os.sched_yield()
    assert not wait_gone(group_of(leader), 0)
    leader.kill()
    waiting.join(30)
    assert not waiting.is_alive()
    assert len(looks) <= 3  # two by the waiting thread at most, one by the look above


def test_a_zombie_is_no_member(leader: subprocess.Popen[bytes]) -> None:
    leader.kill()
    os.waitid(os.P_PID, leader.pid, os.WEXITED | os.WNOWAIT)
    assert wait_gone(group_of(leader), 0)


def test_a_member_lives_without_its_main_thread() -> None:
    argv = [sys.executable, "-c", MAIN_THREAD_ENDS]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, process_group=0) as process:
        crowd = group_of(process)
        with open(f"/proc/{process.pid}/stat", "rb", buffering=0) as stat:
            while stat.read().rpartition(b")")[2].split()[0] != b"Z":
                stat.seek(0)
                os.sched_yield()
        assert not wait_gone(crowd, 0)
        assert end(crowd, 30) == "SIGTERM"


def test_another_group_of_the_same_number_is_let_be(leader: subprocess.Popen[bytes]) -> None:
    real = group_of(leader)
    former = Group(real.leader, real.started_ticks - 1)
    assert end(former, 0) is None
    assert leader.poll() is None


def test_what_is_stopped_is_woken_to_end(leader: subprocess.Popen[bytes]) -> None:
    leader.send_signal(signal.SIGSTOP)
    assert end(group_of(leader), 30) == "SIGTERM"


def test_who_carries_the_marks_is_found() -> None:
    marks = [f"PENHOLDER_TEST_MARK={os.getpid()}", "OTHER=1"]
    environment = dict(mark.split("=") for mark in marks)
    argv = [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()"]
    with subprocess.Popen(
        argv, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"\n"  # amid its exec it has no environment yet
        (found,) = left_behind(marks)
        assert found.pid == process.pid
        assert found.command.startswith(sys.executable)
        assert left_behind(marks, but=[process.pid]) == []
        assert left_behind([*marks, "THIRD=1"]) == []


def test_as_many_are_named_as_fit() -> None:
    few = [Left(n, "sleep") for n in range(100)]
    assert "left_in_all" not in fields_of(few)
    assert fields_of([*few, Left(1, "sleep")])["left_in_all"] == 101


@pytest.mark.parametrize(
    "argv",
    [["a" * 300_000], ["\x01" * 50_000] * 9, ["ü"] * 200_000, ["x" * 131_000] * 15],
)
def test_words_are_cut_to_what_an_event_holds(argv: list[str]) -> None:
    found = words_that_fit(argv)
    assert found.cut is not None
    assert found.cut["words"] == len(argv)
    assert group_size(found.argv) < 262_144
    assert found.argv


def group_size(words: list[str]) -> int:
    """Return what words take as JSON."""
    import msgspec

    return len(msgspec.json.encode(words))


def test_words_that_fit_are_whole() -> None:
    found = words_that_fit(["printf", "ü\udcff", "x" * 100_000])
    assert (found.argv, found.cut) == (["printf", "ü\\xff", "x" * 100_000], None)
