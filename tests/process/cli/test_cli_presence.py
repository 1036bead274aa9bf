"""Whether a daemon is there: all commands agree, also where its socket is gone or elsewhere."""

import os
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from penholder.cli.daemon_process import presence
from tests.helpers.daemon_process import DaemonProcess, Json
from tests.helpers.programs import PENHOLDER, TIMEOUT_S, Ran, environment, penholder, runs

NOBODY = 65534
NAMESPACE = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")


@pytest.fixture
def away(short_dir: Path) -> Iterator[DaemonProcess]:
    """Give a daemon whose runtime directory's parent was removed, as at a logout."""
    daemon = DaemonProcess(short_dir)
    daemon.runtime_dir = short_dir / "user" / "run"
    daemon.runtime_dir.parent.mkdir()
    daemon.start()
    shutil.rmtree(daemon.runtime_dir.parent)
    yield daemon
    daemon.end()


def _wait(pid: int) -> None:
    """Wait until a process has ended."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        assert select.select([handle], [], [], TIMEOUT_S)[0]
    finally:
        os.close(handle)


def _finding(ran: Ran, check: str) -> Json:
    (found,) = [each for each in ran.json["findings"] if each["check"] == check]
    return dict(found)


@pytest.mark.parametrize("words", [("status",), ("controller", "list"), ("metrics",)])
def test_a_daemon_whose_runtime_directory_is_gone_is_named(
    away: DaemonProcess, words: tuple[str, ...]
) -> None:
    ran = penholder(away, *words)
    assert ran.code == 12
    assert f"process {away.pid} holds {away.state_dir}" in ran.err
    assert "penholder down" in ran.err
    assert "penholder up" not in ran.err


def test_the_doctor_names_it_too(away: DaemonProcess) -> None:
    found = _finding(penholder(away, "doctor"), "daemon")
    assert found["level"] == "problem"
    assert f"kill {away.pid}" in found["what_to_do"]


def test_down_ends_it_by_a_signal(away: DaemonProcess) -> None:
    pid = away.pid
    ran = penholder(away, "down")
    assert (ran.code, ran.err) == (0, "")
    assert ran.json == {"running": False, "stopped": True, "pid": pid}
    assert not runs(pid)
    assert penholder(away, "down").json["stopped"] is False


def test_up_waits_for_a_daemon_that_makes_its_directory_again(away: DaemonProcess) -> None:
    away.runtime_dir.parent.mkdir()
    ran = penholder(away, "up")
    assert (ran.code, ran.json["started"], ran.json["pid"]) == (0, False, away.pid)


def test_from_another_environment_the_daemon_is_found_by_its_state_directory(
    short_dir: Path,
) -> None:
    absent = DaemonProcess(short_dir)
    started = penholder(absent, "up", PENHOLDER_RUNTIME_DIR="", XDG_RUNTIME_DIR=str(short_dir))
    pid = started.json["pid"]
    try:
        other = {"PENHOLDER_RUNTIME_DIR": "", "XDG_RUNTIME_DIR": ""}
        assert penholder(absent, "status", **other).json["pid"] == pid
        again = penholder(absent, "up", **other)
        assert (again.json["started"], again.json["pid"]) == (False, pid)
        assert again.json["socket"] == str(short_dir / "penholder/control.sock")
        told = _finding(penholder(absent, "doctor", **other), "daemon")
        assert told["detail"].startswith(f"process {pid} answers")
        assert penholder(absent, "controller", "list", **other).code == 0
        assert penholder(absent, "down", **other).json["pid"] == pid
    finally:
        _wait(pid)


def test_a_daemon_that_serves_elsewhere_is_neither_started_again_nor_ended(
    daemon: DaemonProcess, short_dir: Path
) -> None:
    for command in ("status", "up", "down"):
        ran = penholder(daemon, command, "--runtime-dir", str(short_dir / "elsewhere"))
        assert ran.code == (1 if command == "up" else 12)
        assert f"process {daemon.pid} holds {daemon.state_dir}" in ran.err
        assert str(daemon.control_socket) in ran.err
    assert penholder(daemon, "status").json["pid"] == daemon.pid


def test_a_restore_that_holds_the_lock_is_not_ended(short_dir: Path) -> None:
    absent = DaemonProcess(short_dir)
    absent.state_dir.mkdir(mode=0o700)
    script = (
        "import os, pathlib, sys; from penholder_daemon.shell.disk.lock import DirectoryLock;"
        "held = DirectoryLock(pathlib.Path(sys.argv[1])); print(os.getpid(), flush=True);"
        "sys.stdin.read()"
    )
    python = str(Path(PENHOLDER).with_name("python"))
    with subprocess.Popen(
        [python, "-c", script, str(absent.state_dir)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as other:  # fmt: skip
        assert other.stdout is not None
        pid = int(other.stdout.readline())
        ran = penholder(absent, "down")
        assert ran.code == 12
        assert f"process {pid} holds" in ran.err
        assert runs(pid)


def _needs_namespaces() -> None:
    if subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no pid namespace can be made here")


def test_down_waits_for_the_right_process_of_another_namespace(short_dir: Path) -> None:
    _needs_namespaces()
    daemon = DaemonProcess(short_dir)
    daemon.start([*NAMESPACE])
    try:
        assert penholder(daemon, "status").json["pid"] == 1
        ran = penholder(daemon, "down")
        assert (ran.code, ran.err) == (0, "")
        assert ran.json["stopped"] is True
        assert daemon.wait() == 0
    finally:
        daemon.end()


def test_from_inside_a_namespace_the_end_of_a_daemon_outside_is_awaited(
    daemon: DaemonProcess,
) -> None:
    _needs_namespaces()
    done = subprocess.run(
        [*NAMESPACE, PENHOLDER, "down"],
        env=environment(daemon), capture_output=True, check=False, timeout=TIMEOUT_S,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    assert presence.find(daemon.state_dir) is None
    assert daemon.wait() == 0


@pytest.mark.parametrize(
    "words",
    [("status",), ("down",), ("up",), ("controller", "list"),
     ("run", "--controller", "c", "--label", "l", "--", "true")],
)  # fmt: skip
def test_another_user_is_told_that_it_may_not_look(
    daemon: DaemonProcess, short_dir: Path, words: tuple[str, ...]
) -> None:
    program = _program_for_everybody()
    if program is None:
        pytest.skip("this needs root, and an interpreter that every user may run")
    short_dir.chmod(0o755)
    done = _run_as_nobody(daemon, *program, *words)
    told = done.stdout.decode() + done.stderr.decode()
    assert done.returncode == 12, told
    assert "cannot tell whether a daemon serves" in told
    assert "no daemon" not in told


def _run_as_nobody(daemon: DaemonProcess, *argv: str) -> "subprocess.CompletedProcess[bytes]":
    path = ":".join(filter(None, sys.path))
    return subprocess.run(
        argv, env=environment(daemon, PYTHONPATH=path), user=NOBODY, group=NOBODY,
        extra_groups=[], cwd="/", capture_output=True, check=False, timeout=TIMEOUT_S,
    )  # fmt: skip


def _program_for_everybody() -> list[str] | None:
    """Return a command line that any user may run: a virtual environment may be root's alone."""
    if os.geteuid() != 0:
        return None
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    code = "from penholder.cli.main import main; raise SystemExit(main())"
    for python in (sys.executable, f"/usr/bin/python{version}"):
        program = [python, "-c", code]
        with suppress(OSError):
            if _run_as_nobody(DaemonProcess(Path("/")), *program, "--version").returncode == 0:
                return program
    return None
