"""What the pages say that commands print, and what they print.

Who follows a page gets other ids, times and sizes than the page shows; those are taken for equal.
`…` stands for anything in a line, and alone in a line for any lines. A command that only looks is
said again until it shows what the page does: a reader is slower than a test.
"""

import re
import shlex
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from tests.helpers.docs.blocks import Block, Step, steps
from tests.helpers.docs.terminal import Terminal
from tests.helpers.waiting import until

LOOKING = {"ps", "logs", "inbox", "status", "inspect"}
"""Words that change nothing, so that they may be said twice."""
INTERRUPTED = "Ctrl-C"
"""In the comment of a command that goes on until somebody ends it so."""
READERS_HOME = "/home/ada"
"""What the home is called on the pages."""
_STATUS = re.compile(r"# .*\bexit status (\d+)")
_ANY = "…"
_ALIKE = (
    (re.compile(r"\b[a-z]{1,8}_[0-9A-Za-z_-]{12,}"), "<id>"),
    (re.compile(r"\bdir-[0-9a-f]{12}\b"), "<directory>"),
    (re.compile(r"\b\d{8}T\d{6}\.\d{3}Z"), "<stamp>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?"), "<time>"),
    (re.compile(r"\b\d\d:\d\d:\d\d\b"), "<time>"),
    (re.compile(r"\b\d+(\.\d+)?\s?(?:ms|s|m|h|d)\b"), "<age>"),
    (re.compile(r"\b[\d,]+(?= (?:bytes|entries)\b)"), "<number>"),
    (re.compile(r"(?<=position )[\d,]+"), "<number>"),
    (re.compile(r"(?<=process )\d+|(?<=pid[ =])\d+"), "<pid>"),
    (re.compile(r"[ \t]+"), " "),
)


class Reader:
    """Somebody who does what pages say, in one terminal."""

    def __init__(self, terminal: Terminal) -> None:
        """Sit down."""
        self._terminal = terminal

    def follow(self, block: Block) -> list[str]:
        """Do a block; returns where it went otherwise than the page says."""
        if block.before:
            told, status = self._terminal.run(block.before.rstrip("\n"))
            assert status == 0, f"{block.place}: what stands before it fails:\n{told}"
        typed = steps(block)
        is_transcript = any(step.expected for step in typed)
        return [wrong for step in typed if (wrong := self._do(step, is_compared=is_transcript))]

    def _do(self, step: Step, *, is_compared: bool) -> str | None:
        if INTERRUPTED in step.command:
            said, status = self._interrupted(step)
            wanted = {130, 0}
        else:
            said, status = self._said(step)
            found = _STATUS.search(step.command)
            wanted = {int(found[1]) if found else 0}
        if status not in wanted:
            return f"{step.place}: {step.command}: exit status {status}, and says\n{said}"
        if is_compared and not self._is_alike(step, said):
            expected = "\n".join(step.expected)
            return f"{step.place}: {step.command}: the page says\n{expected}\nbut it says\n{said}"
        return None

    def _said(self, step: Step) -> tuple[str, int]:
        """Say a command; one that only looks again, until what it shows is on the page."""
        answers = [self._terminal.run(step.command)]
        if step.expected and _only_looks(step.command):

            def is_shown() -> bool:
                if not self._is_alike(step, answers[-1][0]):
                    answers.append(self._terminal.run(step.command))
                return self._is_alike(step, answers[-1][0])

            _patiently(is_shown)
        return answers[-1]

    def _interrupted(self, step: Step) -> tuple[str, int]:
        mark = self._terminal.begin(step.command)
        terminal = self._terminal

        def is_enough() -> bool:
            said = terminal.said()
            return self._is_alike(step, said) if step.expected else "\n" in said

        _patiently(is_enough)
        terminal.interrupt()
        return terminal.end(mark)

    def _is_alike(self, step: Step, said: str) -> bool:
        return alike(step.expected, said.splitlines(), self._terminal.home)


def _patiently(is_so: Callable[[], bool]) -> None:
    """Wait; what does not come is told by who compares."""
    with suppress(AssertionError):
        until(is_so)


def _only_looks(command: str) -> bool:
    words = shlex.split(command, comments=True)
    return len(words) > 1 and words[0] == "penholder" and words[1] in LOOKING and "|" not in words


def alike(expected: Sequence[str], said: Iterable[str], home: Path) -> bool:
    """Tell whether a page and a terminal say the same."""
    pattern = "".join(map(_pattern, _without_end([_plain(line, home) for line in expected])))
    found = "".join(f"{line}\n" for line in _without_end([_plain(line, home) for line in said]))
    return re.fullmatch(pattern, found) is not None


def _plain(line: str, home: Path) -> str:
    line = line.replace(str(home / "run"), "/run/user/1000").replace(str(home), READERS_HOME)
    for start in range(1, len(READERS_HOME)):  # where a table has cut it
        line = line.replace(f"{_ANY}{str(home)[start:]}", f"{_ANY}{READERS_HOME[start:]}")
    for which, instead in _ALIKE:
        line = which.sub(instead, line)
    return line.strip()


def _without_end(lines: list[str]) -> list[str]:
    while lines and not lines[-1]:
        lines = lines[:-1]
    return lines


def _pattern(line: str) -> str:
    if line == _ANY:
        return r"(?:[^\n]*\n)*"
    return ".*".join(map(re.escape, line.split(_ANY))) + "\n"
