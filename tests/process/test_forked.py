"""What a server forks for tests is what executed processes are: real, and ended in time."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import own_programs
from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.programs import TIMEOUT_S, wait_gone

_WITHOUT_END = """
import os, sys
from pathlib import Path
from tests.helpers.daemon_process import DaemonProcess
daemon = DaemonProcess(Path(sys.argv[1]))
daemon.start()
print(daemon.pid, flush=True)
sys.stdin.read()
os._exit(0)
"""
"""What a pytest worker that dies looks like: nothing of its own is ended."""


def _say(*words: str, **more: str) -> "subprocess.CompletedProcess[bytes]":
    return own_programs.run(own_programs.WORDS, words, {**os.environ, **more})


def _command_of(daemon: DaemonProcess) -> str:
    return Path(f"/proc/{daemon.pid}/cmdline").read_text()


@pytest.mark.parametrize("words", [["--version"], ["nonsense"], ["run", "--help"], ["ps", "ü"]])
def test_it_says_and_ends_as_an_executed_one(words: list[str]) -> None:
    forked = _say(*words)
    executed = subprocess.run(
        [own_programs.PENHOLDER, *words], capture_output=True, check=False, timeout=TIMEOUT_S
    )
    assert (forked.returncode, forked.stdout, forked.stderr) == (
        executed.returncode, executed.stdout, executed.stderr,
    )  # fmt: skip


def test_it_has_streams_and_a_directory_of_its_own_and_nothing_else(daemon: DaemonProcess) -> None:
    assert "fork_server" in _command_of(daemon)
    found = {
        number: os.readlink(f"/proc/{daemon.pid}/fd/{number}")
        for number in os.listdir(f"/proc/{daemon.pid}/fd")
    }
    assert found["0"] == "/dev/null"
    assert found["1"].startswith("pipe:")
    assert found["2"] == str(daemon.log_path)
    assert os.readlink(f"/proc/{daemon.pid}/cwd") == str(Path.cwd())
    assert not {own for own in found.values() if "pidfd" in own}


def test_it_is_killed_as_any_process_is(daemon: DaemonProcess) -> None:
    daemon.send_signal(signal.SIGKILL)
    assert daemon.wait() == -signal.SIGKILL


def test_it_hears_of_ctrl_c(daemon: DaemonProcess) -> None:
    daemon.send_signal(signal.SIGINT)
    assert daemon.wait() == 0


def test_what_is_read_at_a_start_has_it_executed(
    short_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    daemon = DaemonProcess(short_dir)
    daemon.start()
    assert "fork_server" not in _command_of(daemon)
    assert daemon.stop() == 0


def test_a_daemon_does_not_outlive_who_had_it_forked(short_dir: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _WITHOUT_END, str(short_dir)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as asking:  # fmt: skip
        assert asking.stdout is not None
        pid = int(asking.stdout.readline())
        with DaemonProcess(short_dir).connect() as control:
            assert control.call("rpc.ping")["pong"] is True
        asking.kill()
    wait_gone(pid)
