"""A fleet beside a daemon, and the words said in the process of the test."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from penholder.cli.main import main
from tests.helpers.command_line import Cli, Ran
from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.fleet import Fleet


@pytest.fixture
def cli(
    daemon: DaemonProcess, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Cli:
    """Give the command line as a function of its words, for this daemon."""
    for variable in ("PENHOLDER_SOCKET", "PENHOLDER_WORKER_ID", "PENHOLDER_FENCE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PENHOLDER_STATE_DIR", str(daemon.state_dir))
    monkeypatch.setenv("PENHOLDER_RUNTIME_DIR", str(daemon.runtime_dir))

    def call(*words: str, columns: int = 80) -> Ran:
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setattr(sys, "argv", ["penholder", *words])
        capsys.readouterr()
        try:
            code = main()
        except SystemExit as exit_:
            code = int(str(exit_.code or 0))
        told = capsys.readouterr()
        return Ran(code, told.out, told.err)

    return call


@pytest.fixture
def fleet(daemon: DaemonProcess, cli: Cli) -> Iterator[Fleet]:
    """Give a controller whose workers are made by the test."""
    made = Fleet(daemon, cli)
    yield made
    made.close()


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the clients' configuration, which is not there yet."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    path = tmp_path / "config/penholder/penholder.toml"
    path.parent.mkdir(parents=True)
    return path
