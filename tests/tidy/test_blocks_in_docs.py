"""Every block of the docs is what it says: a command that the program knows, a file that it reads.

Types of Python are checked by tests/tidy/test_python_in_docs.py.
"""

import configparser
import json
import re
import sqlite3
import tomllib
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
import yaml

from penholder.cli.terminal.configuration import Configuration
from penholder_daemon.shell.settings import Settings
from tests.helpers.docs.blocks import PAGES, Block, blocks, steps
from tests.helpers.docs.commands import flag_fault, penholders, shell_fault
from tests.tidy.source import files, require_none

ELSEWHERE = {"ts"}
TEXT = {"", "text"}
SECTIONS = {"Unit", "Service", "Socket", "Timer", "Install"}
DIRECTIVES = re.compile(r"^[A-Z][A-Za-z]+$")
CLIENTS = "penholder.toml"
"""A block with tables of the clients' configuration begins with a comment that names its file."""


def _commands(text: str) -> Iterator[str]:
    if fault := shell_fault(text):
        yield fault
        return
    for words in penholders(text):
        if fault := flag_fault(words):
            yield f"penholder {' '.join(words)}: {fault}"


def _console(block: Block) -> Iterator[str]:
    yield from _commands(block.before)
    for step in steps(block):
        yield from _commands(step.command)


def _shell(block: Block) -> Iterator[str]:
    yield from _commands(block.text)


def _json(block: Block) -> Iterator[str]:
    """Find what is neither one value nor one a line."""
    try:
        json.loads(block.text)
    except ValueError:
        try:
            [json.loads(line) for line in block.text.splitlines()]
        except ValueError as fault:
            yield str(fault)


def _toml(block: Block) -> Iterator[str]:
    """Find what the daemon, or where the clients' file is named, the clients would refuse."""
    first = block.text.partition("\n")[0]
    kind = Configuration if first.endswith(f"/{CLIENTS}") else Settings
    try:
        msgspec.convert(tomllib.loads(block.text), kind)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as fault:
        yield str(fault)


class _Unit(configparser.RawConfigParser):
    """A unit file, whose names keep their capitals."""

    def optionxform(self, optionstr: str) -> str:
        return optionstr


def _ini(block: Block) -> Iterator[str]:
    """Find what is no unit; several in one block are told apart by a comment with their names."""
    for text in re.split(r"^(?=# .*/)", block.text, flags=re.MULTILINE):
        unit = _Unit(strict=False, interpolation=None)
        try:
            unit.read_string(text)
        except configparser.Error as fault:
            yield str(fault)
            continue
        yield from (f"[{each}]?" for each in unit.sections() if each not in SECTIONS)
        yield from _directives(unit)


def _directives(unit: configparser.RawConfigParser) -> Iterator[str]:
    for section in unit.sections():
        for name, value in unit.items(section):
            if not DIRECTIVES.match(name):
                yield f"{name}="
            if name.startswith("Exec"):
                yield from _commands(value.replace("%h/.local/bin/", "").replace("%", ""))


def _yaml(block: Block) -> Iterator[str]:
    try:
        yaml.safe_load(block.text)
    except yaml.YAMLError as fault:
        yield str(fault)


def _sql(block: Block) -> Iterator[str]:
    """Find what SQLite does not understand; tables are made first."""
    with closing(sqlite3.connect(":memory:")) as database:
        for statement in filter(str.strip, block.text.split(";\n")):
            asked = "" if statement.lstrip().startswith("CREATE") else "EXPLAIN "
            params = dict.fromkeys(re.findall(r":(\w+)", statement))
            try:
                database.execute(asked + statement, params)
            except sqlite3.Error as fault:
                yield str(fault)


def _python(block: Block) -> Iterator[str]:
    """Find what is quoted of our source, in a page that is no docs, and is not there."""
    if block.page.name == "CONTRIBUTING.md" and not any(
        block.text in path.read_text("utf-8") for path in files("protocol", "daemon", "clients")
    ):
        yield "it quotes what is nowhere in the source"


CHECKS: dict[str, Callable[[Block], Iterator[str]]] = {
    "console": _console, "sh": _shell, "bash": _shell, "json": _json, "toml": _toml, "ini": _ini,
    "yaml": _yaml, "sql": _sql, "python": _python,
}  # fmt: skip


def _wrong(page: Path) -> Iterator[str]:
    for block in blocks(page):
        if block.language in CHECKS:
            found: Iterator[str] = CHECKS[block.language](block)
            yield from (f"{block.place}: {fault}" for fault in found)
        elif block.language not in ELSEWHERE | TEXT:
            yield f"{block.place}: nothing checks a block of {block.language!r}"


def test_every_block_is_what_it_says() -> None:
    require_none(fault for page in PAGES for fault in _wrong(page))


def test_no_block_is_missed() -> None:
    """Also one that is written in another way than `blocks` knows."""
    for page in PAGES:
        fences = re.findall(r"^\s*[`~]{3,}", page.read_text("utf-8"), re.MULTILINE)
        assert len(fences) == 2 * len(list(blocks(page))), page


@pytest.mark.parametrize(
    ("language", "text", "told"),
    [
        ("console", "$ penholder ps --al", "--al"),
        ("console", "$ true | sudo -u ada penholder sttus", "sttus"),
        ("console", "$ sh -c 'penholder down --now'", "--now"),
        ("console", "$ penholder ps --at ssh://-x", "ssh://"),
        ("console", "$ if true", "syntax error"),
        ("sh", "for x in", "syntax error"),
        ("json", '{"a": }', "Expecting"),
        ("toml", "log_formt = 'json'", "log_formt"),
        ("toml", "# ~/.config/penholder/penholder.toml\nstall_after_ms = 5", "stall_after_ms"),
        ("ini", "[Servce]\nNice=5", "Servce"),
        ("ini", "# a/b\n[Service]\nExecStart=penholder metrics --fil x", "--fil"),
        ("yaml", "a: [", "expected"),
        ("sql", "CREATE TABLE a (b);\nSELECT c FROM a;", "no such column"),
        ("cobol", "x", "nothing checks"),
    ],
)
def test_what_is_wrong_is_noticed(tmp_path: Path, language: str, text: str, told: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# A\n\n```{language}\n{text}\n```\n")
    [fault] = _wrong(page)
    assert told in fault
