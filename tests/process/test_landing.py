"""`.ci/run`: what it needs is installed where it may be, else told, and never in the way."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from penholder_daemon.generate.__main__ import ROOT

BASH = shutil.which("bash") or "/bin/bash"
INSTALLS = "apt-get update\napt-get install -y --no-install-recommends nodejs npm\n"
SERVER = INSTALLS.replace("nodejs npm", "postgresql")
MAKES = "make test\nmake test-interpreters\n"


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """Give a directory of programs that only say how they were called."""
    os.symlink(shutil.which("dirname") or "/usr/bin/dirname", tmp_path / "dirname")
    stand_in(tmp_path, "make")
    return tmp_path


def stand_in(directory: Path, name: str, says: str = 'echo "${0##*/} $*"') -> None:
    """Put a program there."""
    path = directory / name
    path.write_text(f"#!{BASH}\n{says}\n")
    path.chmod(0o755)


def landed(programs: Path) -> tuple[int, str, str]:
    """Run it; returns the exit status, and what it said."""
    done = subprocess.run(
        [BASH, str(ROOT / ".ci/run")], capture_output=True, text=True, check=False,
        env={"PATH": str(programs), "POSTGRESQL_PROGRAMS": "/nowhere"},
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def test_with_all_there_nothing_is_installed(programs: Path) -> None:
    for name in ("node", "npm", "initdb", "id", "apt-get"):
        stand_in(programs, name)
    assert landed(programs) == (0, MAKES, "")


def test_root_installs_what_is_missing(programs: Path) -> None:
    stand_in(programs, "node")
    stand_in(programs, "id", "echo 0")
    stand_in(programs, "apt-get")
    assert landed(programs) == (0, INSTALLS + SERVER + MAKES, "")


def test_what_cannot_be_installed_is_told_and_the_rest_tried(programs: Path) -> None:
    stand_in(programs, "id", "echo 0")
    stand_in(programs, "apt-get", "exit 100")
    status, out, err = landed(programs)
    assert (status, out) == (0, MAKES)
    assert "Node cannot be installed" in err
    assert "PostgreSQL cannot be installed" in err


def test_who_may_not_install_is_told_what_to(programs: Path) -> None:
    stand_in(programs, "id", "echo 1000")
    stand_in(programs, "apt-get")
    status, out, err = landed(programs)
    assert (status, out) == (0, MAKES)
    assert "apt-get install nodejs npm" in err


def test_a_test_that_fails_fails_it(programs: Path) -> None:
    for name in ("node", "npm"):
        stand_in(programs, name)
    stand_in(programs, "make", "exit 2")
    assert landed(programs)[0] == 2
