"""`penholder up` and `down`: the daemon in the background, and its end."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.programs import penholder, runs


@pytest.fixture
def absent(short_dir: Path) -> Iterator[DaemonProcess]:
    """Give directories in which no daemon runs, and ends the one that a test starts there."""
    daemon = DaemonProcess(short_dir)
    yield daemon
    penholder(daemon, "down", "--drain-ms", "0")


def test_up_starts_and_down_ends_and_both_may_come_twice(absent: DaemonProcess) -> None:
    started = penholder(absent, "up")
    assert (started.code, started.err) == (0, "")
    assert started.json["started"] is True
    pid = started.json["pid"]

    again = penholder(absent, "up")
    assert (again.code, again.json["started"], again.json["pid"]) == (0, False, pid)
    assert penholder(absent, "status").json["pid"] == pid
    # A daemon of its own session, in a directory that can be unmounted.
    assert os.getsid(pid) == pid
    assert Path(f"/proc/{pid}/cwd").readlink() == Path("/")

    ended = penholder(absent, "down")
    assert (ended.code, ended.json) == (0, {"running": False, "stopped": True, "pid": pid})
    assert not runs(pid)
    nothing = penholder(absent, "down")
    assert (nothing.code, nothing.json["stopped"]) == (0, False)


def test_the_log_is_the_users_alone(absent: DaemonProcess) -> None:
    penholder(absent, "up")

    log = absent.state_dir / "penholderd.log"
    assert log.stat().st_mode & 0o777 == 0o600
    assert absent.state_dir.stat().st_mode & 0o777 == 0o700
    assert "READY" in log.read_text()


def test_what_is_no_file_is_no_log_and_nothing_is_started(absent: DaemonProcess) -> None:
    absent.state_dir.mkdir(mode=0o700)
    os.mkfifo(absent.state_dir / "penholderd.log")
    ran = penholder(absent, "up")
    assert (ran.code, "is no plain file: move it away" in ran.err) == (1, True)
    assert not absent.runtime_dir.exists()


def test_for_people_up_and_down_are_sentences(absent: DaemonProcess) -> None:
    assert "started: process" in penholder(absent, "up", "--no-json").out
    assert "is running already: process" in penholder(absent, "up", "--no-json").out
    assert "has ended" in penholder(absent, "down", "--no-json").out
    assert penholder(absent, "down", "--no-json").out == "no daemon is running\n"


def test_directories_may_be_named(absent: DaemonProcess, short_dir: Path) -> None:
    flags = ("--state-dir", str(short_dir / "s2"), "--runtime-dir", str(short_dir / "r2"))
    try:
        assert penholder(absent, "up", *flags).code == 0
        assert (short_dir / "r2" / "control.sock").exists()
        assert penholder(absent, "status").code == 12
        other = ("--state-dir", str(short_dir / "s3"), "--runtime-dir", str(short_dir / "r2"))
        refused = penholder(absent, "up", *other)
        assert refused.code == 1
        assert str(short_dir / "s2") in refused.err
    finally:
        assert penholder(absent, "down", *flags).code == 0


@pytest.mark.parametrize(
    ("state", "runtime"),
    [("PENHOLDER_STATE_DIR", "PENHOLDER_RUNTIME_DIR"), ("XDG_STATE_HOME", "XDG_RUNTIME_DIR")],
)
def test_a_relative_directory_is_the_same_for_the_daemon(
    short_dir: Path, monkeypatch: pytest.MonkeyPatch, state: str, runtime: str
) -> None:
    here = DaemonProcess(short_dir)
    monkeypatch.chdir(short_dir)
    named = {
        "PENHOLDER_STATE_DIR": "",
        "PENHOLDER_RUNTIME_DIR": "",
        state: "state",
        runtime: "run",
    }
    try:
        started = penholder(here, "up", **named)
        assert (started.code, started.err) == (0, "")
        assert penholder(here, "status", **named).json["pid"] == started.json["pid"]
        assert list(short_dir.glob("run/**/control.sock"))
    finally:
        ended = penholder(here, "down", "--drain-ms", "0", **named)
    assert ended.json["stopped"] is True


def test_a_start_that_fails_says_why(daemon: DaemonProcess, short_dir: Path) -> None:
    ran = penholder(daemon, "up", "--runtime-dir", str(short_dir / "elsewhere"))

    assert ran.code == 1
    assert str(daemon.pid) in ran.err


def test_a_log_that_cannot_be_is_told(absent: DaemonProcess) -> None:
    absent.state_dir.write_text("a file")

    ran = penholder(absent, "up")

    assert ran.code == 1
    assert "penholderd.log" in ran.err
    absent.state_dir.unlink()


def test_wrong_flags_of_up_and_down(absent: DaemonProcess) -> None:
    assert penholder(absent, "up", "--socket", "x").code == 2
    assert penholder(absent, "down", "--drain-ms", "x").code == 2
    assert penholder(absent, "down", "--drain-ms", "9999999").code == 2
