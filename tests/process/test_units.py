"""The units: systemd knows every line of them, and they are as hardened as we say."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from penholder.cli.service import templates
from penholder_daemon.generate.__main__ import ROOT

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)
SCOPES = ("user", "system")
PROGRAM = Path("/bin/true")
"""systemd-analyze wants programs that are there."""


@pytest.fixture(params=SCOPES)
def units(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Give a directory, called as its scope, of filled-in units."""
    directory = tmp_path / str(request.param)
    directory.mkdir()
    values = {"penholderd": PROGRAM, "penholder": PROGRAM, "state_dir": Path("/var/lib/a b")}
    for name, text in templates.render(directory.name, values).items():
        (directory / name).write_text(text)
    return directory


def _analyze(units: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["systemd-analyze", f"--{units.name}", "--no-pager", *words],
        env={**os.environ, "XDG_RUNTIME_DIR": str(units.parent), "SYSTEMD_LOG_LEVEL": "info"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def _units(units: Path) -> list[str]:
    return [str(path) for path in sorted(units.iterdir()) if path.suffix != ".conf"]


def test_systemd_knows_every_line(units: Path) -> None:
    done = _analyze(units, "verify", *_units(units))
    # An unknown key is told on stderr, and the exit status is 0 all the same.
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_line_that_systemd_does_not_know_is_noticed(units: Path) -> None:
    service = units / "penholder.service"
    service.write_text(service.read_text().replace("[Service]", "[Service]\nNonsense=yes"))
    assert "Nonsense" in _analyze(units, "verify", *_units(units)).stderr


@pytest.mark.parametrize("name", ["penholder.service", "penholder-backup.service"])
def test_exposure_is_low(units: Path, name: str) -> None:
    highest = {"user": 20, "system": 10}[units.name]  # tenths
    words = ("security", "--offline=yes", f"--threshold={highest}", str(units / name))
    done = _analyze(units, *words)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert _analyze(units, *words[:2], "--threshold=1", words[3]).returncode != 0


@pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="no systemd-sysusers")
def test_the_user_of_the_systems_daemon_can_be_made(tmp_path: Path) -> None:
    text = templates.render("system", {})["penholder.sysusers.conf"]
    (tmp_path / "etc").mkdir()
    subprocess.run(
        ["systemd-sysusers", f"--root={tmp_path}", "-"],
        input=text,
        text=True,
        check=True,
        capture_output=True,
        timeout=60,
    )
    entry = next(line for line in (tmp_path / "etc/passwd").read_text().splitlines())
    assert entry.split(":")[0] == "penholder"
    assert entry.endswith(":/var/lib/penholder:/usr/sbin/nologin")


@pytest.mark.parametrize("scope", SCOPES)
def test_every_file_can_be_known_as_ours(scope: str) -> None:
    files = templates.render(scope, {})
    assert {"penholder.socket", "penholder.service"} <= set(files)
    assert all(text.startswith(templates.MARKER) for text in files.values())
    assert set(files) == {path.name for path in (ROOT / "systemd" / scope).iterdir()}
