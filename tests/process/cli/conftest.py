"""Programs that a test starts, ended with it."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.background import Background, end_all_below
from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.programs import PENHOLDER, Running, Start, StartProgram, Worker, environment
from tests.helpers.ptys import LOOK, InTerminal, StartInTerminal


@pytest.fixture
def start_program(daemon: DaemonProcess) -> Iterator[StartProgram]:
    """Give a function that starts the command line."""
    started: list[Running] = []

    def start(*words: str, first: str = "") -> Running:
        started.append(Running(daemon, *words, first=first))
        return started[-1]

    yield start
    for running in started:
        running.clean_up()


@pytest.fixture
def start(daemon: DaemonProcess, start_program: StartProgram) -> Start:
    """Give a function that starts a command as worker `w`."""

    def begin(*argv: str, flags: tuple[str, ...] = (), first: str = "") -> Worker:
        with daemon.connect() as control:
            control.call("controller.register", controller_id="c", label="c", workspace_key="/w")
        words = ("run", "--controller", "c", "--label", "l", "--worker-id", "w", *flags)
        return Worker(daemon, start_program(*words, "--", *argv, first=first))

    return begin


@pytest.fixture
def background(daemon: DaemonProcess, short_dir: Path) -> Iterator[Background]:
    """Give what starts commands in the background, without a systemd; all of them are ended."""
    yield Background(daemon)
    end_all_below(short_dir)


@pytest.fixture
def in_terminal(daemon: DaemonProcess) -> Iterator[StartInTerminal]:
    """Give a function that starts the command line in a terminal of that many lines and columns."""
    started: list[InTerminal] = []

    def start(
        *words: str, size: tuple[int, int] = (24, 80), program: str = PENHOLDER
    ) -> InTerminal:
        started.append(InTerminal([program, *words], environment(daemon), size))
        return started[-1]

    yield start
    for each in started:
        each.clean_up()


@pytest.fixture
def run_pty(daemon: DaemonProcess, in_terminal: StartInTerminal) -> StartInTerminal:
    """Give a function that starts a command with a terminal, as worker `w`, in a terminal."""
    with daemon.connect() as control:
        control.call("controller.register", controller_id="c", label="c", workspace_key="/w")

    def start(
        *argv: str, size: tuple[int, int] = (24, 80), flags: tuple[str, ...] = ()
    ) -> InTerminal:
        words = ("run", "--controller", "c", "--label", "l", "--worker-id", "w", "--pty", *flags)
        return in_terminal(*words, "--", *argv, size=size)

    return start


@pytest.fixture
def running(run_pty: StartInTerminal) -> InTerminal:
    """Give a runner in a terminal whose command tells its size and says back what is typed."""
    started = run_pty(sys.executable, "-c", LOOK, size=(50, 150))
    started.wait_for("size 50 150")
    return started


@pytest.fixture
def other(short_dir: Path) -> Iterator[DaemonProcess]:
    """Give a second daemon."""
    (short_dir / "b").mkdir()
    process = DaemonProcess(short_dir / "b")
    process.start()
    yield process
    process.end()
