"""The units that the docs show, as systemd itself reads them."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from penholder.cli.service import templates
from tests.helpers.docs.blocks import PAGES, blocks
from tests.tidy.source import require_none

_UNIT = re.compile(r"^# \S*/(?P<name>\S+)\n(?P<text>(?s:.*?))(?=^# |\Z)", re.MULTILINE)
_PROGRAM = Path("/bin/true")
"""systemd-analyze wants programs that are there."""


def _units(page: Path) -> Iterator[tuple[str, str]]:
    for block in blocks(page, "ini"):
        for found in _UNIT.finditer(block.text):
            yield found["name"], found["text"].replace("%h/.local/bin/penholder", str(_PROGRAM))


UNITS = dict(unit for page in PAGES for unit in _units(page))


def _faults(directory: Path, name: str) -> list[str]:
    done = subprocess.run(
        ["systemd-analyze", "--user", "--no-pager", "--man=no", "verify", str(directory / name)],
        env={**os.environ, "XDG_RUNTIME_DIR": str(directory), "SYSTEMD_LOG_LEVEL": "info"},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    # It tells of other units of the machine, too.
    return [line for line in done.stderr.splitlines() if str(directory) in line or name in line]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Give a directory with the units of the docs, and ours beside them."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    values = {"penholderd": _PROGRAM, "penholder": _PROGRAM, "state_dir": Path("/var/lib/a")}
    for name, text in {**templates.render("user", values), **UNITS}.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_systemd_knows_every_line_of_the_units_in_the_docs(directory: Path) -> None:
    assert {"api.service", "penholder-metrics.timer"} <= set(UNITS)
    require_none(fault for name in UNITS for fault in _faults(directory, name))


def test_a_line_that_it_does_not_know_is_noticed(directory: Path) -> None:
    text = (directory / "api.service").read_text()
    (directory / "api.service").write_text(text.replace("KillMode=", "KilMode="))
    assert any("KilMode" in fault for fault in _faults(directory, "api.service"))
