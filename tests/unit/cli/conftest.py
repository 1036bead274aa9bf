"""The command line called in this very process, against a daemon made by hand."""

import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from penholder.cli.main import main
from tests.helpers.command_line import Cli, Ran
from tests.helpers.fake_daemon import AnsweringDaemon
from tests.helpers.fake_systemd import FakeSystemd
from tests.helpers.records import status

VARIABLES = (
    "PENHOLDER_SOCKET", "PENHOLDER_FENCE", "PENHOLDER_STATE_DIR", "PENHOLDER_RUNTIME_DIR",
    "PENHOLDER_WORKER_ID",
)  # fmt: skip


@pytest.fixture
def cli_home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a home of its own, near enough for the paths of sockets."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    with TemporaryDirectory(prefix="ph-", dir="/tmp") as path:
        monkeypatch.setenv("PENHOLDER_STATE_DIR", f"{path}/state")
        monkeypatch.setenv("PENHOLDER_RUNTIME_DIR", f"{path}/run")
        yield Path(path)


@pytest.fixture
def cli(cli_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Give the command line as a function of its words."""

    def call(*words: str) -> Ran:
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
def fake_control(cli_home: Path) -> Iterator[AnsweringDaemon]:
    """Give a daemon at the control socket."""
    fake = AnsweringDaemon(cli_home / "run" / "control.sock")
    yield fake
    fake.stop()


@pytest.fixture
def fake_worker(cli_home: Path) -> Iterator[AnsweringDaemon]:
    """Give a daemon at the runtime socket of worker w."""
    fake = AnsweringDaemon(cli_home / "run" / "workers" / "w.sock")
    yield fake
    fake.stop()


@pytest.fixture
def fake_systemd(cli_home: Path, monkeypatch: pytest.MonkeyPatch) -> FakeSystemd:
    """Give a manager whose units are below the home, and an installation in /opt/penholder."""
    fake = FakeSystemd(cli_home / "systemd")
    monkeypatch.setenv("PATH", str(fake.bin))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(cli_home / "config"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(cli_home / "xdg"))
    monkeypatch.delenv("PENHOLDER_RUNTIME_DIR")
    monkeypatch.setattr("penholder.cli.service.manager.BOOTED", cli_home)
    for name in ("ETC", "SYSTEM_STATE", "SYSTEM_RUNTIME"):
        monkeypatch.setattr(f"penholder.cli.service.scope.{name}", cli_home / name.lower())
    monkeypatch.setattr(sys, "executable", "/opt/penholder/bin/python")
    for module in ("service.installation", "doctor.upkeep"):
        monkeypatch.setattr(
            f"penholder.cli.{module}.installed", lambda name: f"/opt/penholder/bin/{name}"
        )
    return fake


@pytest.fixture
def fake_service(cli_home: Path) -> Iterator[AnsweringDaemon]:
    """Give a daemon at the control socket of the user's service."""
    fake = AnsweringDaemon(cli_home / "xdg" / "penholder" / "control.sock")
    fake.answers["daemon.status"] = lambda _: status()
    yield fake
    fake.stop()
