"""Programs that a test starts, ended with it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.background import Background, end_all_below
from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.programs import Running, Start, StartProgram, Worker


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
