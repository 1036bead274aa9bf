"""`penholderd` under any parent: signals that were blocked or ignored by whoever started it."""

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.programs import BECOME


@pytest.fixture
def idle(short_dir: Path) -> Iterator[DaemonProcess]:
    """Give a daemon that is not started yet."""
    process = DaemonProcess(short_dir)
    yield process
    process.end()


def test_a_daemon_whose_parent_blocked_all_signals_can_be_ended(idle: DaemonProcess) -> None:
    blocked = "signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())"
    idle.start([sys.executable, "-c", BECOME, blocked])
    assert "SigBlk:\t0000000000000000" in Path(f"/proc/{idle.pid}/status").read_text()
    assert idle.stop() == 0


def test_an_interrupt_that_a_parent_ignored_stays_ignored(idle: DaemonProcess) -> None:
    idle.start([sys.executable, "-c", BECOME, "signal.signal(signal.SIGINT, signal.SIG_IGN)"])
    assert idle._process is not None
    idle._process.send_signal(signal.SIGINT)
    with idle.connect() as control:
        assert control.call("rpc.ping")["pong"] is True
    assert idle.stop() == 0
    assert "SIGINT" not in idle.log()
