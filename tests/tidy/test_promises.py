"""What is written down in two places says the same in both."""

import re
import sys
import tomllib
from pathlib import Path

import msgspec
import pytest

from penholder_daemon.generate.__main__ import ROOT
from penholder_daemon.shell.settings import Settings
from penholder_protocol import __version__, limits
from penholder_protocol.errors import ERRORS
from tests.tidy.source import files, imports

PRODUCT = files("protocol", "daemon", "clients")
DOCS = ROOT / "docs"
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)")
MACHINE = re.compile(r"/(?:root/|home/(?!ada\b|you\b)\w+)")


def _first_column(text: str) -> list[str]:
    """Return the code in the first column of every table row."""
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    return [match[1] for row in rows if (match := CODE.search(row))]


def _project() -> dict[str, object]:
    project: dict[str, object] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))[
        "project"
    ]
    return project


def _package(requirement: str) -> str:
    return re.split(r"[<>=!~\[; ]", requirement)[0]


def test_every_setting_is_documented_and_no_other() -> None:
    documented = _first_column((DOCS / "settings.md").read_text("utf-8"))
    assert documented == [field.encode_name for field in msgspec.structs.fields(Settings)]


def test_every_limit_is_documented_with_its_value() -> None:
    text = (DOCS / "limits.md").read_text("utf-8")
    named = {name: value for name, value in vars(limits).items() if name.isupper()}
    assert _first_column(text) == list(named)
    for name, value in named.items():
        assert f"| `{name}` | {value:,} |" in text


def test_every_error_is_documented() -> None:
    documented = _first_column((DOCS / "errors.md").read_text("utf-8"))
    assert documented == list(ERRORS)


def test_every_dependency_is_explained_and_no_other() -> None:
    project = _project()
    dev = project["optional-dependencies"]
    assert isinstance(dev, dict)
    needed = [_package(str(each)) for each in [*project["dependencies"], *dev["dev"]]]  # type: ignore[misc]  # lists
    documented = _first_column((DOCS / "dependencies.md").read_text("utf-8"))
    assert documented == needed


STANDARD = sys.stdlib_module_names


def test_every_package_that_is_imported_is_a_dependency() -> None:
    """What another package happens to bring along may be gone with its next release."""
    needed = {_package(str(each)).replace("-", "_") for each in _project()["dependencies"]}  # type: ignore[attr-defined]  # a list
    imported = {
        module.partition(".")[0] for path in PRODUCT for module, _ in imports(path) if module
    }
    ours = {"penholder", "penholder_daemon", "penholder_protocol"}
    assert imported - ours - STANDARD - needed == set()


def test_every_dependency_has_an_exact_version_to_test_with() -> None:
    pinned = {
        line.partition("==")[0].lower()
        for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()
        if "==" in line
    }
    project = _project()
    for requirement in project["dependencies"]:  # type: ignore[attr-defined]  # a list
        assert _package(str(requirement)).lower() in pinned


def test_the_version_is_stated_once_and_repeated_rightly() -> None:
    assert _project()["version"] == __version__
    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")


@pytest.mark.parametrize("code", ERRORS)
def test_every_error_is_used(code: str) -> None:
    pattern = re.compile(rf"\b{ERRORS[code].__name__}\b")
    users = [
        path
        for path in files("protocol", "daemon")
        if path.name != "errors.py" and pattern.search(path.read_text("utf-8"))
    ]
    assert users, f"nothing gives {code}"


@pytest.mark.parametrize("name", [name for name in vars(limits) if name.isupper()])
def test_every_limit_is_used(name: str) -> None:
    pattern = re.compile(rf"\b{name}\b")
    text = (ROOT / "protocol/penholder_protocol/limits.py").read_text("utf-8")
    used_among_limits = len(pattern.findall(text)) > 2  # beside its own line and an assertion
    users = [
        path
        for path in files("protocol", "daemon", "clients")
        if path.name != "limits.py" and pattern.search(path.read_text("utf-8"))
    ]
    assert users or used_among_limits


def _texts() -> list[Path]:
    ours = [*DOCS.rglob("*.md"), *ROOT.glob("*.md"), *(ROOT / "tests").rglob("*.md")]
    return sorted([*ours, ROOT / "clients/typescript/README.md"])


def _other_sources() -> list[Path]:
    """Return what is neither Python nor prose."""
    client = ROOT / "clients/typescript"
    scripts = [path for name in ("src", "tests", "examples") for path in (client / name).iterdir()]
    return sorted([*scripts, *client.glob("*.json"), *(ROOT / "examples").glob("*.sh")])


@pytest.mark.parametrize("path", _texts(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    for target in LINK.findall(path.read_text("utf-8")):
        if not target.startswith(("http://", "https://", "mailto:")):
            assert (path.parent / target).exists(), target


@pytest.mark.parametrize(
    "path",
    [
        *_texts(),
        *_other_sources(),
        *files("protocol", "daemon", "clients", "bench", "examples"),
    ],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_nothing_speaks_of_the_machine_that_it_was_made_on(path: Path) -> None:
    assert MACHINE.search(path.read_text("utf-8")) is None
