"""A keeper as a unit: how `systemd-run` is asked, and what is done where it does not help."""

from pathlib import Path

import pytest

from penholder.cli.run import unit
from penholder.cli.terminal.failures import Failure

_PROGRAM = """\
#!/bin/sh
printf '%s\\n' "$@" >{here}/words
exit {code}
"""


class Manager:
    """A `systemd-run` by hand."""

    def __init__(self, here: Path) -> None:
        """Be found on PATH."""
        self._here = here

    def be(self, code: int = 0, body: str = "") -> None:
        """End with a status, after the body of a script."""
        program = self._here / "systemd-run"
        text = _PROGRAM.format(here=self._here, code=code)
        program.write_text(text.replace("exit", f"{body}\nexit"))
        program.chmod(0o755)

    @property
    def words(self) -> list[str]:
        """What it was told."""
        return (self._here / "words").read_text().splitlines()


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Manager:
    """Give a user's manager that answers."""
    (tmp_path / "xdg" / "systemd").mkdir(parents=True)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "xdg"))
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    made = Manager(tmp_path)
    made.be()
    return made


def test_it_is_a_unit_of_the_users_named_after_the_worker(manager: Manager) -> None:
    assert unit.start("w_1:x", 4.5, ["python", "-c", "code", "/run/o$1"])
    assert manager.words == [
        "--user", "--collect", "--quiet", "--unit=penholder-run-w_1:x",
        "--description=command of penholder worker w_1:x", "--property=KillMode=mixed",
        "--property=TimeoutStopSec=14", "--", "python", "-c", "code", "/run/o$$1",
    ]  # fmt: skip


def test_a_manager_that_refuses_is_none(manager: Manager) -> None:
    manager.be(code=1)
    assert not unit.start("w", 5, ["x"])


def test_without_a_manager_nobody_is_asked(
    manager: Manager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "xdg" / "systemd").rmdir()
    assert not unit.start("w", 5, ["x"])
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert not unit.start("w", 5, ["x"])
    with pytest.raises(FileNotFoundError):
        assert manager.words


def test_one_that_does_not_answer_is_an_error_and_not_a_second_keeper(
    manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unit, "_ANSWER_S", 0.1)
    manager.be(body="sleep 30")
    with pytest.raises(Failure, match="did not answer"):
        unit.start("w", 5, ["x"])
