"""Which interpreters `make test-interpreters` finds."""

import os
import sys
from pathlib import Path

import pytest

from tests import interpreters

MINOR = sys.version_info.minor


def _script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a machine with an empty PATH and no pyenv."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    return tmp_path


def test_only_what_is_the_version_that_it_says_works(tmp_path: Path) -> None:
    assert interpreters.works(sys.executable, MINOR)
    assert not interpreters.works(sys.executable, MINOR + 1)
    assert not interpreters.works(str(tmp_path / "absent"), MINOR)
    shim = _script(tmp_path / "shim", "echo 'pyenv: python3.99: command not found'; exit 127")
    assert not interpreters.works(str(shim), MINOR)


def test_a_name_that_does_not_work_gives_way_to_pyenv(machine: Path) -> None:
    assert interpreters.find(MINOR) is None
    shim = _script(machine / "bin" / f"python3.{MINOR}", "exit 127")
    real = _script(
        machine / "pyenv" / "versions" / f"3.{MINOR}.7" / "bin" / "python3",
        f'exec {sys.executable} "$@"',
    )
    assert interpreters.find(MINOR) == str(real)
    shim.unlink()
    os.symlink(sys.executable, shim)
    assert interpreters.find(MINOR) == str(shim)
