"""What is wrong with a command line of a page: its shell, and each `penholder` in it.

The shell reads it without running anything; the flags are read by the program's own parsers, which
are stopped as soon as they are content.
"""

import io
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from unittest.mock import patch

from penholder.cli import main
from penholder.cli.terminal import options, remote
from penholder.cli.terminal.failures import Usage

_OPERATORS = frozenset("|&;()<>")
_IN_FRONT = {"sudo", "env", "exec", "watch", "!", "time", "if", "while", "then", "do"}
_VALUED_IN_FRONT = {"-u", "-n"}


class _Content(BaseException):
    """The parser knows all the words."""


def shell_fault(text: str) -> str:
    """Return what the shell finds wrong; nothing if it would run it."""
    return subprocess.run(
        ["bash", "-n"], input=text, capture_output=True, text=True, check=False, timeout=30
    ).stderr


def penholders(text: str) -> Iterator[list[str]]:
    """Yield the words of each `penholder` that a shell's text calls, also of inner texts."""
    for words in _simple_commands(text):
        own = _without_front(words)
        if own[:1] == ["penholder"]:
            yield own[1:]
        for inner in words:
            if "penholder " in inner:
                yield from penholders(inner)


def _simple_commands(text: str) -> Iterator[list[str]]:
    lexer = shlex.shlex(text.replace("\\\n", " ").replace("\n", " ;\n"), posix=True,
                        punctuation_chars=True)  # fmt: skip
    lexer.whitespace_split = True
    words: list[str] = []
    for token in lexer:
        if set(token) <= _OPERATORS:
            yield words
            words = []
        else:
            words.append(token)
    yield words


def _without_front(words: list[str]) -> list[str]:
    rest = list(words)
    while rest and rest[0] != "penholder":
        first = rest.pop(0)
        is_in_front = first in _IN_FRONT or "=" in first or first.startswith("-")
        if not is_in_front:
            return []
        if first in _VALUED_IN_FRONT and rest:
            rest.pop(0)
    return rest


def flag_fault(words: list[str]) -> str:
    """Return what the program's parser finds wrong with its words; nothing if it takes them."""
    try:
        own = _here(words)
    except Usage as fault:
        return str(fault)
    real = options.Parser.parse_known_args

    def stopped(parser: options.Parser, *given: object) -> object:
        found = real(parser, *given)  # type: ignore[call-overload]  # what the program gives
        if found[1]:
            return found  # the program says what is wrong with the rest
        raise _Content

    told = io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True)
    with (
        patch.object(options.Parser, "parse_known_args", stopped),
        patch.object(sys, "argv", ["penholder", *own]),
        redirect_stdout(io.TextIOWrapper(io.BytesIO(), "utf-8")),
        redirect_stderr(told),
    ):
        try:
            code = main.main()
        except _Content:
            return ""
    told.seek(0)
    return told.read() if code else ""


def _here(words: list[str]) -> list[str]:
    """Take away where the words are said, which is checked, so that they are read here."""
    if "--at" not in words or "--" in words[: words.index("--at")]:
        return words
    at = words.index("--at")
    where = words[at + 1]
    if "://" in where:
        remote.parse(where)
    return words[:at] + words[at + 2 :]
