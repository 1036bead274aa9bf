"""What is written down in two places says the same in both."""

import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import msgspec

from penholder_daemon.generate.__main__ import ROOT
from penholder_daemon.shell.settings import Settings
from penholder_protocol import __version__, limits
from penholder_protocol.errors import ERRORS
from tests.tidy.source import (
    Offence,
    Scratch,
    files,
    imports,
    lines,
    require,
    require_none,
)

PRODUCT = files("protocol", "daemon", "clients")
DOCS = ROOT / "docs"
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)")
MACHINE = re.compile(r"/(?:root/|home/(?!ada\b|you\b)\w+)")
WORD = re.compile(r"\w+")
OURS = {"penholder", "penholder_daemon", "penholder_protocol"}

NEED_AN_EXTRA = {
    "postgres": (
        ROOT / "daemon/penholder_daemon/shell/store/postgres",
        ROOT / "daemon/penholder_daemon/transferring",
        ROOT / "clients/penholder/cli/doctor/postgresql.py",
    ),
    "tui": (ROOT / "clients/penholder/cli/top",),
}
"""Folders and files that import what an extra brings along; nothing else does."""


def _first_column(text: str) -> list[str]:
    """Return the code in the first column of every table row."""
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    return [match[1] for row in rows if (match := CODE.search(row))]


def _project() -> dict[str, object]:
    project: dict[str, object] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))[
        "project"
    ]
    return project


def _extras() -> dict[str, list[str]]:
    extras: dict[str, list[str]] = _project()["optional-dependencies"]  # type: ignore[assignment]  # as it is written
    return extras


def _package(requirement: str) -> str:
    return re.split(r"[<>=!~\[; ]", requirement)[0]


def test_every_setting_is_documented_and_no_other() -> None:
    documented = _first_column((DOCS / "settings.md").read_text("utf-8"))
    assert documented == [field.encode_name for field in msgspec.structs.fields(Settings)]


def test_every_limit_is_documented_with_its_value() -> None:
    text = (DOCS / "limits.md").read_text("utf-8")
    named = {name: value for name, value in vars(limits).items() if name.isupper()}
    assert _first_column(text) == list(named)
    require_none(_misstated(text, named))


def _misstated(text: str, named: Mapping[str, int]) -> list[str]:
    rows = {name: f"| `{name}` | {value:,} |" for name, value in named.items()}
    return [f"{name}: no {row}" for name, row in rows.items() if row not in text]


def test_every_error_is_documented() -> None:
    documented = _first_column((DOCS / "errors.md").read_text("utf-8"))
    assert documented == list(ERRORS)


def test_every_dependency_is_explained_and_no_other() -> None:
    needed = [str(each) for each in _project()["dependencies"]]  # type: ignore[attr-defined]  # a list
    extras = _extras()
    for each in (*(extra for extra in extras if extra != "dev"), "dev"):
        needed += extras[each]
    documented = _first_column((DOCS / "dependencies.md").read_text("utf-8"))
    # An extra is there to develop, too; it is explained where it is needed first.
    assert documented == list(dict.fromkeys(map(_package, needed)))


def _undeclared(path: Path, declared: Iterable[str]) -> Iterator[Offence]:
    known = {"", *declared, *OURS, *sys.stdlib_module_names}
    for module, line in imports(path):
        package = module.partition(".")[0]
        if package not in known:
            yield line, f"imports {package}"


def _unneeded(path: Path) -> Iterator[Offence]:
    needed = [str(each) for each in _project()["dependencies"]]  # type: ignore[attr-defined]  # a list
    for extra, places in NEED_AN_EXTRA.items():
        needed += _extras()[extra] if {path, *path.parents} & set(places) else []
    return _undeclared(path, (_package(each).replace("-", "_") for each in needed))


def test_every_package_that_is_imported_is_a_dependency() -> None:
    """What another package happens to bring along may be gone with its next release."""
    require(_unneeded, PRODUCT)


def _unpinned(requirements: Iterable[str], constraints: str) -> list[str]:
    versions = [line.split("==") for line in constraints.splitlines() if "==" in line]
    pinned = {package.lower() for package, _ in versions}
    return [each for each in map(_package, requirements) if each.lower() not in pinned]


def test_every_dependency_has_an_exact_version_to_test_with() -> None:
    needed = [str(each) for each in _project()["dependencies"]]  # type: ignore[attr-defined]  # a list
    needed += [each for extra in _extras().values() for each in extra]
    require_none(_unpinned(needed, (ROOT / "constraints.txt").read_text("utf-8")))


def test_the_version_is_stated_once_and_repeated_rightly() -> None:
    assert _project()["version"] == __version__
    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")


@cache
def _words(path: Path) -> Counter[str]:
    return Counter(WORD.findall(path.read_text("utf-8")))


def _unused(names: Iterable[str], where: Iterable[Path]) -> list[str]:
    """Return the names that stand in none of these files."""
    used = {word for path in where for word in _words(path)}
    return [name for name in names if name not in used]


def test_every_error_is_used() -> None:
    users = [path for path in files("protocol", "daemon") if path.name != "errors.py"]
    unused = set(_unused((error.__name__ for error in ERRORS.values()), users))
    require_none(code for code, error in ERRORS.items() if error.__name__ in unused)


def test_every_limit_is_used() -> None:
    among_limits = _words(ROOT / "protocol/penholder_protocol/limits.py")
    # What other limits are made of stands there more than twice: its own line, and an assertion.
    named = [name for name in vars(limits) if name.isupper() and among_limits[name] <= 2]
    require_none(_unused(named, (path for path in PRODUCT if path.name != "limits.py")))


def _texts() -> list[Path]:
    ours = [*DOCS.rglob("*.md"), *ROOT.glob("*.md"), *(ROOT / "tests").rglob("*.md")]
    return sorted([*ours, ROOT / "clients/typescript/README.md"])


def _other_sources() -> list[Path]:
    """Return what is neither Python nor prose."""
    client = ROOT / "clients/typescript"
    scripts = [path for name in ("src", "tests", "examples") for path in (client / name).iterdir()]
    return sorted([*scripts, *client.glob("*.json"), *(ROOT / "examples").glob("*.sh")])


def _leading_nowhere(path: Path) -> Iterator[Offence]:
    for number, line in lines(path):
        for target in LINK.findall(line):
            is_away = target.startswith(("http://", "https://", "mailto:"))
            if not is_away and not (path.parent / target).exists():
                yield number, target


def test_links_lead_somewhere() -> None:
    require(_leading_nowhere, _texts())


def _of_the_machine(path: Path) -> Iterator[Offence]:
    return ((number, found[0]) for number, line in lines(path) if (found := MACHINE.search(line)))


def test_nothing_speaks_of_the_machine_that_it_was_made_on() -> None:
    ours = files("protocol", "daemon", "clients", "bench", "examples")
    require(_of_the_machine, [*_texts(), *_other_sources(), *ours])


def test_what_is_written_wrongly_is_noticed() -> None:
    assert _first_column("| `a` | b `c` |\n| d | `e` |\n") == ["a"]
    assert _misstated("| `A` | 1,000 |\n| `B` | 2000 |\n", {"A": 1000, "B": 2000})[0][0] == "B"
    assert _unpinned(["a-b>=1", "c", "d[e]>2"], "A-b==1\nc>=1\n") == ["c", "d"]


def test_what_is_not_used_or_not_declared_is_noticed(scratch: Scratch) -> None:
    users = [scratch.write("FencedToo\n"), scratch.write("raise Fenced(Busy)\n")]
    assert _unused(["Fenced", "Busy", "Denied", "Too"], users) == ["Denied", "Too"]
    bad = "import os\nimport trio\nfrom attr import define\nimport penholder_protocol\n"
    assert scratch.breaks(_unneeded, bad) == [3]


def test_lines_that_lead_astray_are_noticed(scratch: Scratch) -> None:
    scratch.write("", "docs", "there.md")
    # Put together here: the file itself names no place of a machine.
    own, anybodys = (f"/{'/'.join(parts)}/x" for parts in (["root"], ["home", "ada"]))
    text = f"[a](there.md#b) [c](https://gone)\n[d](gone.md)\nin {own}\nand {anybodys}\n"
    assert scratch.breaks(_leading_nowhere, text, "docs", "page.md") == [2]
    assert scratch.breaks(_of_the_machine, text, "docs", "page.md") == [3]
