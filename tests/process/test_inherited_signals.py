"""`penholderd` under any parent: signals that were blocked or ignored by whoever started it."""

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.programs import BECOME
from tests.helpers.waiting import until


@pytest.fixture
def idle(short_dir: Path) -> Iterator[DaemonProcess]:
    """Give a daemon that is not started yet."""
    process = DaemonProcess(short_dir)
    yield process
    process.end()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_daemon_whose_parent_blocked_all_signals_can_be_ended(
    idle: DaemonProcess, number: signal.Signals
) -> None:
    # Its mask is not looked at: a thread that starts another one blocks all for that moment.
    blocked = "signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())"
    idle.start([sys.executable, "-c", BECOME, blocked])
    idle.send_signal(number)
    assert idle.wait() == 0


def test_an_interrupt_that_a_parent_ignored_stays_ignored(idle: DaemonProcess) -> None:
    idle.start([sys.executable, "-c", BECOME, "signal.signal(signal.SIGINT, signal.SIG_IGN)"])
    assert idle._process is not None
    idle._process.send_signal(signal.SIGINT)
    with idle.connect() as control:
        assert control.call("rpc.ping")["pong"] is True
    assert idle.stop() == 0
    assert "SIGINT" not in idle.log()


# What is pending and blocked outlives an exec, so it is there before the program's first line.
_PENDING = "signal.pthread_sigmask(signal.SIG_BLOCK, {{{0}}}); os.kill(os.getpid(), {0})"


def test_a_reload_that_is_asked_for_during_the_start_is_made_after_it(idle: DaemonProcess) -> None:
    idle.start([sys.executable, "-c", BECOME, _PENDING.format("signal.SIGHUP")])
    until(lambda: "settings were reloaded" in idle.log())
    assert idle.stop() == 0


def test_an_interrupt_during_the_start_ends_it_without_a_traceback(idle: DaemonProcess) -> None:
    idle.spawn([sys.executable, "-c", BECOME, _PENDING.format("signal.SIGINT")])
    assert idle.wait() == -signal.SIGINT
    assert idle.log() == ""
