"""A command does not outlive its runner, however that ends, unless it is asked to."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.helpers.daemon_process import DaemonProcess, Json
from tests.helpers.programs import Start, Worker, command_of, runs, state_of, stubborn, wait_gone
from tests.helpers.waiting import until

LEAVES = """
import os, time
child = os.fork()
if not child:
    os.setsid()
os.write(1, b"%d\\n" % os.getpid())
time.sleep(1000)
"""
"""Two processes, of which one leaves group and session; each writes its pid, in any order."""


def _kill(worker: Worker) -> None:
    """End the runner as the kernel does when memory is short."""
    worker.running.signal(signal.SIGKILL)
    assert worker.end().code == -signal.SIGKILL


def _guarded(worker: Worker) -> Json:
    return dict(worker.wait_for_type("process.guarded")["data"])


def _guard_of(worker: Worker) -> int | None:
    run = worker.running.process.pid
    for children in Path(f"/proc/{run}/task").glob("*/children"):
        for pid in children.read_text().split():
            if b"penholder.cli.run.guard" in Path(f"/proc/{pid}/cmdline").read_bytes():
                return int(pid)
    return None


def test_a_command_whose_runner_is_killed_is_ended(start: Start) -> None:
    worker = start("sh", "-c", "echo $$; exec sleep 1000")
    pid = int(worker.running.line())
    _kill(worker)

    wait_gone(pid)
    guarded = _guarded(worker)
    assert guarded == {
        "runner_pid": worker.running.process.pid, "signal": "SIGTERM", "left": [],
    }  # fmt: skip
    assert worker.record()["state"] == "error"


def test_a_parent_that_left_many_descriptors_open_is_no_matter(start: Start) -> None:
    """Some ways to wait take none from 1024 on."""
    many = "import os; [os.dup2(2, number) for number in range(3, 1100)]"
    worker = start("sh", "-c", "echo $$; exec sleep 1000", first=many)
    pid = int(worker.running.line())
    _kill(worker)

    wait_gone(pid)
    assert _guarded(worker)["signal"] == "SIGTERM"


def test_what_ignores_sigterm_is_killed_by_the_guard(start: Start) -> None:
    script = "trap '' TERM; echo $$; sleep 1000 & echo $!; wait"
    worker = start("sh", "-c", script, flags=("--kill-after-s", "0.2"))
    pids = [int(worker.running.line()), int(worker.running.line())]
    _kill(worker)

    for pid in pids:
        wait_gone(pid)
    assert _guarded(worker)["signal"] == "SIGKILL"


def test_a_forced_stop_of_a_runner_that_is_stopped_ends_the_command(start: Start) -> None:
    worker, pids = stubborn(start, kill_after_s="3600")
    worker.running.signal(signal.SIGSTOP)
    until(lambda: state_of(worker.running.process.pid) == "T", "it is not stopped")
    worker.ask("worker.stop", worker_id="w", force=True)
    for pid in pids:
        wait_gone(pid)
    worker.end()
    assert worker.record()["state"] == "stopped"


def test_a_command_that_kills_its_runner_first_of_all_is_ended(
    start: Start, short_dir: Path
) -> None:
    told = short_dir / "pid"
    worker = start("sh", "-c", f'echo $$ >{told}; kill -9 "$PPID"; exec sleep 1000')
    assert worker.end().code == -signal.SIGKILL
    wait_gone(int(told.read_text()))


def test_what_left_the_group_may_live_and_is_named(start: Start) -> None:
    worker = start(sys.executable, "-c", LEAVES)
    pids = {int(worker.running.line()), int(worker.running.line())}
    _kill(worker)
    try:
        (left,) = _guarded(worker)["left"]
        assert left["pid"] in pids
        assert runs(left["pid"])
        (ended,) = pids - {left["pid"]}
        wait_gone(ended)
    finally:
        for pid in filter(runs, pids):
            os.kill(pid, signal.SIGKILL)


def test_an_owned_controllers_worker_is_told_too(daemon: DaemonProcess, start: Start) -> None:
    with daemon.connect() as control:
        control.call("controller.register", controller_id="c", label="c", workspace_key="/w")
        handle = control.call("controller.acquire", controller_id="c")
    fence = f"{handle['epoch']}:{handle['token']}"
    worker = start("sh", "-c", "echo $$; exec sleep 1000", flags=("--fence", fence))
    worker.running.line()
    _kill(worker)
    assert _guarded(worker)["signal"] == "SIGTERM"


def test_a_controller_that_was_released_meanwhile_is_no_matter(
    daemon: DaemonProcess, start: Start
) -> None:
    with daemon.connect() as control:
        control.call("controller.register", controller_id="c", label="c", workspace_key="/w")
        handle = control.call("controller.acquire", controller_id="c")
    fence = f"{handle['epoch']}:{handle['token']}"
    worker = start("sh", "-c", "echo $$; exec sleep 1000", flags=("--fence", fence))
    worker.running.line()
    worker.ask("controller.release", controller_id="c", force=True)
    _kill(worker)
    assert _guarded(worker)["signal"] == "SIGTERM"


def test_what_is_to_be_kept_outlives_its_runner(start: Start) -> None:
    worker = start("sh", "-c", "echo $$; exec sleep 1000", flags=("--keep",))
    pid = int(worker.running.line())
    assert _guard_of(worker) is None
    _kill(worker)
    worker.wait_for_type("runtime.exited")
    assert runs(pid)
    os.kill(pid, signal.SIGKILL)


def test_a_guard_that_is_killed_is_replaced(start: Start) -> None:
    worker = start("sh", "-c", "echo $$; exec sleep 1000")
    pid = int(worker.running.line())
    first = _guard_of(worker)
    assert first is not None
    os.kill(first, signal.SIGKILL)
    until(lambda: _guard_of(worker) not in (None, first))
    _kill(worker)
    wait_gone(pid)


def test_the_guard_ends_with_the_command_and_says_nothing(start: Start) -> None:
    worker = start("sh", "-c", "echo ready; read x")
    worker.running.line()
    guard = _guard_of(worker)
    assert guard is not None
    # Whoever ends a whole session or scope does not end the guard before the command.
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        os.kill(guard, number)
    worker.running.say("")
    assert worker.end().code == 0
    assert not runs(guard)
    assert [event["type"] for event in worker.events()][-1] == "process.exited"


@pytest.fixture
def scope() -> Iterator[Path]:
    """Give a cgroup such as systemd makes for one program."""
    mounts = Path("/proc/self/mounts").read_text().splitlines()
    roots = [Path(line.split()[1]) for line in mounts if line.split()[2] == "cgroup2"]
    if not roots:
        pytest.skip("there is no cgroup2 here")
    directory = roots[0] / f"penholder-test-{os.getpid()}.scope"
    try:
        directory.mkdir()
    except OSError as error:
        pytest.skip(f"no cgroup can be made: {error}")
    yield directory
    while left := (directory / "cgroup.procs").read_text().split():
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
            wait_gone(int(pid))
    directory.rmdir()


def test_in_a_scope_of_its_own_nothing_outlives_the_runner(start: Start, scope: Path) -> None:
    procs = str(scope / "cgroup.procs")
    enter = f"from pathlib import Path; Path({procs!r}).write_text(str(os.getpid()))"
    worker = start(sys.executable, "-c", LEAVES, first=enter)
    pids = [int(worker.running.line()), int(worker.running.line())]
    _kill(worker)
    for pid in pids:
        wait_gone(pid)
    assert _guarded(worker)["left"] == []


def test_a_scope_with_somebody_else_in_it_is_left_alone(start: Start, scope: Path) -> None:
    procs = str(scope / "cgroup.procs")
    enter = (
        f"from pathlib import Path; Path({procs!r}).write_text(str(os.getpid()));"
        "os.system('sleep 1000 >&- 2>&- &')"
    )
    worker = start("sh", "-c", "echo $$; exec sleep 1000", first=enter)
    pid = int(worker.running.line())
    _kill(worker)
    wait_gone(pid)
    assert _guarded(worker)["signal"] == "SIGTERM"
    others = Path(procs).read_text().split()
    assert "sleep" in [command_of(int(pid)) for pid in others]
