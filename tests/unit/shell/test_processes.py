"""Processes that may not be ended: the daemon says so and goes on."""

import errno
import os
import signal
import subprocess
from collections.abc import Iterator

import pytest
import trio
import trio.testing

from penholder_daemon.core.world import Process
from penholder_daemon.shell.kernel import process_watcher
from penholder_daemon.shell.kernel.process_watcher import ProcessWatcher
from penholder_daemon.shell.kernel.procfs import open_exactly, read_status


@pytest.fixture
def sleeper() -> Iterator[Process]:
    """Give a process that does nothing, ended with the test."""
    with subprocess.Popen(["/bin/sleep", "60"]) as started:
        status = read_status(started.pid)
        assert status is not None
        yield Process(started.pid, status.started_ticks)
        started.kill()


async def test_another_users_process_is_left_alone(
    sleeper: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, signal.Signals]] = []

    def refuse(pidfd: int, number: signal.Signals) -> None:
        asked.append((pidfd, number))
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(signal, "pidfd_send_signal", refuse)
    exited: list[tuple[str, int]] = []
    has_exited = trio.Event()

    def note(worker_id: str, epoch: int) -> None:
        exited.append((worker_id, epoch))
        has_exited.set()

    async with trio.open_nursery() as nursery:
        watcher = ProcessWatcher(nursery, note)
        watcher.watch("w", 1, sleeper)
        watcher.end("w")
        await trio.testing.wait_all_tasks_blocked()
        # Nobody waits to kill it later, and it is watched as before.
        assert [number for _, number in asked] == [signal.SIGTERM]
        assert len(nursery.child_tasks) == 1
        os.kill(sleeper.pid, signal.SIGKILL)
        await has_exited.wait()
    assert exited == [("w", 1)]


async def test_a_process_that_could_not_be_opened_is_watched_and_ended_later(
    sleeper: Process, monkeypatch: pytest.MonkeyPatch, autojump_clock: trio.testing.MockClock
) -> None:
    refusals = [OSError(errno.EMFILE, "Too many open files")] * 4

    def reluctant(process: Process) -> int | None:
        if refusals:
            raise refusals.pop()
        return open_exactly(process)

    monkeypatch.setattr(process_watcher, "open_exactly", reluctant)
    has_exited = trio.Event()
    async with trio.open_nursery() as nursery:
        watcher = ProcessWatcher(nursery, lambda *_: has_exited.set())
        watcher.watch("w", 1, sleeper)
        watcher.end("w")
        await has_exited.wait()
    assert refusals == []
