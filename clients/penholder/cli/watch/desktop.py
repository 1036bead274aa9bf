"""Notifications of the desktop, by the program notify-send of libnotify.

It reads the body as markup, and before that as a C string: `\\074` would become `<` after it was
looked at. So a text's backslashes are doubled and its `&`, `<` and `>` escaped. The summary, where
servers differ in what they read as markup, has none of anybody's texts.
"""

import shutil
from html import escape

from penholder.cli.terminal.failures import Failure
from penholder.cli.terminal.text import plain
from penholder.cli.watch.facts import Fact, Kind
from penholder.cli.watch.hooks import Hook, Program

PROGRAM = "notify-send"
_LONGEST = 300
_SUMMARIES: dict[Kind, str] = {
    "question": "Penholder: a question",
    "failure": "Penholder: a failure",
    "silence": "Penholder: silence",
}
_URGENCIES: dict[Kind, str] = {"question": "normal", "failure": "critical", "silence": "low"}


def hook() -> Hook:
    """Return what shows a fact on the desktop; raises Failure where that cannot be done."""
    found = shutil.which(PROGRAM)
    if found is None:
        raise Failure(
            f"--notify needs the program {PROGRAM}, which is not on PATH; it is in the package"
            " libnotify-bin or libnotify, or use --exec"
        )
    return lambda fact: Program(words(found, fact), {}, b"")


def words(program: str, fact: Fact) -> list[str]:
    """Return the words that show a fact."""
    return [
        program,
        "--app-name=penholder",
        f"--urgency={_URGENCIES[fact.kind]}",
        "--",
        _SUMMARIES[fact.kind],
        f"{_text(fact.name)}\n{_text(fact.text)}",
    ]


def _text(text: str) -> str:
    shown = plain(text)
    cut = shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"
    return escape(cut.replace("\\", "\\\\"), quote=False)
