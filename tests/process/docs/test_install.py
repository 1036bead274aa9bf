"""A wheel, installed as docs/install.md says, and used by who has nothing else.

Skipped where the package index does not answer: that is what it installs from.
"""

import os
import subprocess
import sys
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from penholder_daemon.generate.__main__ import ROOT
from penholder_protocol import __version__
from tests.helpers import soak
from tests.helpers.docs.terminal import Terminal
from tests.interpreters import MINORS, find

_TIMEOUT_S = 300
Install = Callable[[Path, Path, Path], Path]
_PIP = (sys.executable, "-m", "pip")
_CONSTRAINTS = str(ROOT / "constraints.txt")
_UNREACHABLE = ("Failed to establish", "Name or service", "No matching distribution", "resolve")
_DATA = f"penholder-{__version__}.data/data/share"
_SCRIPTS = "clients/penholder/cli/completion/scripts"
IN_THE_WHEEL = {
    "penholder/systemd/user/penholder.socket": "systemd/user/penholder.socket",
    "penholder/systemd/system/penholder.service": "systemd/system/penholder.service",
    "penholder/grafana/penholder.json": "docs/grafana/penholder.json",
    "penholder/prometheus/penholder.rules.yaml": "docs/prometheus/penholder.rules.yaml",
    f"{_DATA}/man/man1/penholder-run.1": "clients/penholder/cli/manual/pages/penholder-run.1",
    f"{_DATA}/bash-completion/completions/penholder": f"{_SCRIPTS}/penholder.bash",
    f"{_DATA}/zsh/site-functions/_penholder": f"{_SCRIPTS}/_penholder",
    f"{_DATA}/fish/vendor_completions.d/penholder.fish": f"{_SCRIPTS}/penholder.fish",
}


def _do(*command: str, **environment: str) -> None:
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=_TIMEOUT_S, cwd=ROOT,
        env={**os.environ, "PIP_CONSTRAINT": _CONSTRAINTS, "UV_CONSTRAINT": _CONSTRAINTS,
             **environment},
    )  # fmt: skip
    if done.returncode and any(each in done.stderr for each in _UNREACHABLE):
        pytest.skip(f"the package index does not answer: {done.stderr[-300:]}")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the wheel, built once."""
    directory = tmp_path_factory.mktemp("wheel")
    _do(*_PIP, "wheel", "--quiet", "--no-deps", "-w", str(directory), ".")
    [built] = directory.glob("penholder-*.whl")
    return built


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a directory in which pipx and uv are."""
    directory = tmp_path_factory.mktemp("tools")
    # The tests' own pip installs for others: an environment needs none, whose making takes seconds.
    _do(*_PIP, "install", "--quiet", "--target", str(directory), "pipx", "uv", PIP_CONSTRAINT="")
    return directory


def _by_pip(wheel: Path, directory: Path, _tools: Path) -> Path:
    venv.create(directory, with_pip=False)
    python = str(directory / "bin/python")
    _do(*_PIP, "--python", python, "install", "--quiet", "--no-compile", str(wheel))
    assert (directory / "share/man/man1/penholder-run.1").is_file()
    return directory / "bin"


def _by_pipx(wheel: Path, directory: Path, tools: Path) -> Path:
    bin_ = directory / "bin"
    own = {"PIPX_HOME": "home", "PIPX_MAN_DIR": "man", "PIPX_BIN_DIR": "bin"}
    _do(sys.executable, "-m", "pipx", "install", "--python", sys.executable, str(wheel),
        PYTHONPATH=str(tools),
        **{name: str(directory / value) for name, value in own.items()})  # fmt: skip
    return bin_


def _by_uv(wheel: Path, directory: Path, tools: Path) -> Path:
    bin_ = directory / "bin"
    _do(str(tools / "bin/uv"), "tool", "install", "--python", sys.executable, str(wheel),
        UV_TOOL_DIR=str(directory / "tools"), UV_TOOL_BIN_DIR=str(bin_))  # fmt: skip
    return bin_


def _use(terminal: Terminal, bin_: Path) -> None:
    """Do what a first evening begins with, by these programs and no others."""

    def said(command: str) -> str:
        told, status = terminal.run(command)
        assert status == 0, f"{command}: {told}"
        return told

    said(f"export PATH={bin_}:/usr/bin:/bin")
    assert said("command -v penholder") == f"{bin_}/penholder\n"
    assert said("penholderd --version") == f"penholderd {__version__}\n"
    assert said("penholder run -d -- sh -c 'echo hi'") == "sh-1\n"
    said("penholder wait sh-1")
    row = said("penholder ps -a --no-headers").split()
    assert (row[0], row[-1]) == ("sh-1", "hi")
    assert said("penholder logs sh-1 2> /dev/null") == "hi\n"
    said("penholder down")


@pytest.mark.parametrize("install", [_by_pip, _by_pipx, _by_uv], ids=["pip", "pipx", "uv"])
def test_it_works_however_it_was_installed(
    terminal: Terminal, wheel: Path, tools: Path, tmp_path: Path, install: Install
) -> None:
    _use(terminal, install(wheel, tmp_path / "installed", tools))


OTHERS = [minor for minor in MINORS if minor != sys.version_info.minor and find(minor)]


@pytest.mark.skipif(not soak.IS_ASKED_FOR, reason="installs for each Python: make soak")
@pytest.mark.parametrize("minor", OTHERS, ids=lambda minor: f"3.{minor}")
def test_it_works_on_every_other_python_that_is_here(
    terminal: Terminal, wheel: Path, tools: Path, tmp_path: Path, minor: int
) -> None:
    environment = tmp_path / "environment"
    _do(str(tools / "bin/uv"), "venv", "--quiet", "--python", str(find(minor)), str(environment))
    python = str(environment / "bin/python")
    _do(str(tools / "bin/uv"), "pip", "install", "--quiet", "--python", python, str(wheel))
    _use(terminal, environment / "bin")


def test_the_wheel_holds_what_it_should(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for inside, source in IN_THE_WHEEL.items():
            assert archive.read(inside) == (ROOT / source).read_bytes(), inside
        tests = [name for name in archive.namelist() if name.startswith("tests")]
    assert tests == []
