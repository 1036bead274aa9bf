"""What is said where a daemon could not be looked for: never that none is running."""

import errno
import fcntl
import os
from pathlib import Path

import pytest

from penholder import DaemonUnreachable
from penholder.cli.daemon_process import presence
from penholder.cli.daemon_process.presence import CannotTell, DoesNotAnswer
from penholder.cli.terminal import failures
from tests.helpers.command_line import Cli

REFUSED = PermissionError(errno.EACCES, "Permission denied", "/state/penholder.lock")


@pytest.fixture
def locked_away(cli_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be somebody who may look into neither directory."""
    real = os.open

    def refuse(
        path: str | Path, flags: int, mode: int = 0o777, *, dir_fd: int | None = None
    ) -> int:
        if Path(path).name == "penholder.lock":
            raise REFUSED
        return real(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", refuse)


@pytest.mark.usefixtures("locked_away")
@pytest.mark.parametrize("words", [("status",), ("down",), ("up",), ("controller", "list")])
def test_who_may_not_look_is_told_so(cli: Cli, words: tuple[str, ...]) -> None:
    ran = cli(*words)
    assert ran.code == 12
    assert "cannot be told: /state/penholder.lock: Permission denied" in ran.err
    assert "ask as the daemon's user" in ran.err
    assert "no daemon" not in ran.err + ran.out


def test_a_socket_that_may_not_be_reached_is_told_so(tmp_path: Path) -> None:
    told = presence.unreachable(tmp_path / "s", REFUSED, tmp_path)
    assert type(told) is CannotTell
    assert "penholder up" not in failures.sentence(told)


def test_where_nobody_holds_the_lock_no_daemon_runs(tmp_path: Path) -> None:
    missing = FileNotFoundError(errno.ENOENT, "No such file or directory")
    assert type(presence.unreachable(tmp_path / "s", missing, tmp_path)) is DaemonUnreachable
    (tmp_path / "penholder.lock").write_text(f"{os.getpid()}\n/run/control.sock\n")
    told = presence.unreachable(tmp_path / "s", missing, tmp_path)
    assert type(told) is DaemonUnreachable
    assert "penholder up starts" in failures.sentence(told)


@pytest.mark.parametrize("is_seen", [True, False])
def test_who_holds_the_lock_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_seen: bool
) -> None:
    lock = tmp_path / "penholder.lock"
    lock.write_text("4194305\n/run/control.sock\n")  # no process has this number
    monkeypatch.setattr(presence, "_is_inside", lambda: True)
    if not is_seen:
        monkeypatch.setattr(presence, "_flocks", lambda: iter(()))
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        found = presence.find(tmp_path)
        assert found is not None
        assert found.pid == (os.getpid() if is_seen else None)
        assert found.socket == Path("/run/control.sock")
        told = presence.unreachable(tmp_path / "s", FileNotFoundError(), tmp_path)
        assert isinstance(told, DoesNotAnswer)
    assert presence.find(tmp_path) is None
