"""The pages for who carries the work on: every folder is on them, and whatever they name is there.

A name in code marks is a file or folder (from the root, or from one of our packages), a command, or
something that is defined in the source: a class, function, constant, field or param, also as
`Class.member` or `module.name`; or a method, error or table.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from penholder.cli import catalog
from penholder_daemon import migrations
from penholder_daemon.generate.__main__ import ROOT
from penholder_daemon.rooms import build_registry
from penholder_protocol.errors import ERRORS
from tests.tidy.source import PACKAGES, Offence, Scratch, files, lines, require, require_none, tree

ARCHITECTURE = ROOT / "docs/architecture.md"
DECISIONS = ROOT / "docs/decisions.md"
PAGES = (ARCHITECTURE, DECISIONS)
CODE = re.compile(r"`([^`\n]+)`")
ENTRY = re.compile(r"^## (?P<title>.+?)\n(?P<text>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
PARTS = ("**Decided.**", "**Tried.**", "**Would change it.**")
FEWEST_DECISIONS = 15
NO_SOURCE = {"__pycache__", "node_modules"}
SUFFIXES = {".py", ".pyi", ".sql", ".ts"}
ROOTS = (ROOT, *PACKAGES.values())


def _folders(*roots: Path) -> list[Path]:
    """Return every folder in which source lies, in itself or below."""
    found = {
        folder
        for root in roots
        for path in root.rglob("*")
        if path.suffix in SUFFIXES and not NO_SOURCE & set(path.parts)
        for folder in path.parents
        if folder.is_relative_to(root)
    }
    return sorted(found)


def _unnamed(text: str, folders: list[Path]) -> list[str]:
    """Return the folders that a text does not name."""
    words = [word for word in CODE.findall(text) if word.endswith("/")]
    named = {root / word for word in words for root in ROOTS}
    return [str(folder) for folder in folders if folder not in named]


def _unknown(text: str) -> list[str]:
    """Return what a text names in code marks that is not there."""
    return [word for word in dict.fromkeys(CODE.findall(text)) if not _is_there(word)]


def _is_there(word: str) -> bool:
    first, _, rest = word.partition(" ")
    if "/" in word or Path(word).suffix in {*SUFFIXES, ".md", ".json", ".toml", ".txt"}:
        return any((root / word).exists() for root in ROOTS)
    if first == "make":
        return f"\n{rest}:" in (ROOT / "Makefile").read_text("utf-8")
    if first == "penholder":
        command = rest.split(" ")[0]
        return command in catalog.COMMANDS or command in _rooms()
    if word.startswith("python -m "):
        path = word.removeprefix("python -m ").replace(".", "/").split(" ")[0]
        return any((root.parent / path).with_suffix(".py").exists() for root in _packages()) or any(
            (root.parent / path / "__main__.py").exists() for root in _packages()
        )
    return word in _names()


def _packages() -> list[Path]:
    return [*PACKAGES.values(), ROOT / "tests", ROOT / "bench"]


@cache
def _rooms() -> frozenset[str]:
    return frozenset(room.name for room in build_registry().rooms)


@cache
def _names() -> frozenset[str]:
    sources = files("protocol", "daemon", "clients", "tests", "bench")
    ours = {each for path in sources for each in _defined(path)}
    tables = re.findall(r"CREATE TABLE (\w+)", "".join(sql for _, sql in migrations.steps()))
    return frozenset({*ours, *ERRORS, *build_registry().methods, *tables, *_rooms(), "penholderd"})


def _defined(path: Path) -> Iterator[str]:
    module = tree(path)
    stem = path.parent.name if path.name == "__init__.py" else path.stem
    for each in _members(module):
        yield from (each, f"{stem}.{each}")
    for node in ast.walk(module):
        if isinstance(node, ast.ClassDef):
            yield from (f"{node.name}.{each}" for each in (*_members(node), *_attributes(node)))
            yield from _attributes(node)
            yield from _members(node)
        elif isinstance(node, ast.arg):
            yield node.arg


def _members(owner: ast.Module | ast.ClassDef) -> Iterator[str]:
    for node in owner.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        targets = node.targets if isinstance(node, ast.Assign) else []
        targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
        yield from (target.id for target in targets if isinstance(target, ast.Name))


def _attributes(owner: ast.ClassDef) -> Iterator[str]:
    for node in ast.walk(owner):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


def _misnaming(path: Path) -> Iterator[Offence]:
    return ((number, f"`{word}`") for number, line in lines(path) for word in _unknown(line))


def test_whatever_is_named_is_there() -> None:
    require(_misnaming, PAGES)


def _hiding(path: Path) -> Iterator[Offence]:
    return ((number, line) for number, line in lines(path) if "```" in line)


def test_nothing_hides_from_that_in_a_block_of_code() -> None:
    require(_hiding, PAGES)


def test_every_folder_is_named() -> None:
    folders = _folders(ROOT / "daemon", ROOT / "clients")
    require_none(_unnamed(ARCHITECTURE.read_text("utf-8"), folders))


def _incomplete(text: str) -> list[str]:
    return [
        f"{entry['title']}: no {part}"
        for entry in ENTRY.finditer(text)
        for part in PARTS
        if part not in entry["text"]
    ]


def test_every_decision_says_what_what_else_and_until_when() -> None:
    text = DECISIONS.read_text("utf-8")
    assert len(ENTRY.findall(text)) >= FEWEST_DECISIONS
    require_none(_incomplete(text))


def _sending_nobody(path: Path) -> Iterator[Offence]:
    text = path.read_text("utf-8")
    return ((1, f"no link to {page.name}") for page in PAGES if f"](docs/{page.name})" not in text)


def test_who_begins_to_read_is_sent_there() -> None:
    require(_sending_nobody, (ROOT / "README.md", ROOT / "CONTRIBUTING.md"))
    package = PACKAGES["penholder_daemon"] / "__init__.py"
    assert "docs/architecture.md" in (ast.get_docstring(tree(package)) or "")


def test_these_rules_notice_what_breaks_them(tmp_path: Path) -> None:
    there = "`shell/` `core/fence.py` `Committer.run` `fence.require` `LEASE_STALL_MS` `make test`"
    there += " `queue.claim` `STORE_FAILED` `penholder run` `python -m penholder_daemon.generate`"
    assert _unknown(there) == []
    gone = "`shell/attic/` `core/no.py` `Committer.walk` `fence.no` `NO_LIMIT_MS` `make coffee`"
    gone += " `queue.no` `penholder no` `python -m penholder_daemon.no`"
    assert _unknown(gone) == CODE.findall(gone)
    (tmp_path / "attic").mkdir()
    (tmp_path / "attic/old.py").touch()
    assert _unnamed("`shell/`", _folders(tmp_path))[1:] == [str(tmp_path / "attic")]


def test_a_page_that_breaks_one_is_told_the_line(scratch: Scratch) -> None:
    assert scratch.breaks(_misnaming, "a `make test`\n`make coffee` and `no_name`\n") == [2, 2]
    assert scratch.breaks(_hiding, "a\n```console\n`b`\n") == [2]
    half = "## One\n**Decided.** a **Tried.** b\n**Would change it.** c\n## Two\n**Tried.** d\n"
    assert _incomplete(half) == [f"Two: no {part}" for part in (PARTS[0], PARTS[2])]
    assert scratch.breaks(_sending_nobody, "[a](docs/architecture.md)\n") == [1]


def test_every_command_is_on_its_page() -> None:
    text = (ROOT / "docs/cli.md").read_text("utf-8")
    shown = {name for name, each in catalog.COMMANDS.items() if each.group in catalog.GROUPS}
    assert {name for name in shown if f"`penholder {name}" not in text} == set()
