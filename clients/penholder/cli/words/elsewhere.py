"""A word that runs on another machine: this process becomes the ssh that runs it there.

So signals, the terminal and the exit status are as if it ran here; 255 is ssh's own, when it could
not connect.
"""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from penholder.cli.terminal import remote, screen
from penholder.cli.terminal.failures import Failure, Usage

FLAG = "--at"
_NEEDED = {
    FLAG: "ssh://[user@]machine[:port] or the name of a context",
    "--host": "the name of a host",
    "--runtime-dir": "a directory",
    "--state-dir": "a directory",
}


def taken(own: Sequence[str], flag: str = FLAG) -> tuple[str | None, list[str]]:
    """Take a flag out of a word's own words; raises Usage where it is said twice."""
    rest, found = [], []
    words = iter(own)
    for word in words:
        name, equals, value = word.partition("=")
        if name != flag:
            rest.append(word)
            continue
        given = value if equals else next(words, "")
        if not given:
            raise Usage(f"{flag} needs {_NEEDED[flag]}")
        found.append(given)
    if len(found) > 1:
        raise Usage(f"{flag} is said {len(found)} times")
    return (found[0] if found else None), rest


def refuse(command: str) -> NoReturn:
    """Refuse what is about this machine."""
    raise Usage(
        f"penholder {command} is about the machine that it runs on: say it there"
        f" (ssh MACHINE penholder {command})"
    )


def become(at: str, words: Sequence[str], *, terminal: bool) -> NoReturn:
    """Run words there instead of here; raises Failure where there is no ssh."""
    width = screen.columns()
    if width is not None:
        os.environ["COLUMNS"] = str(width)
    command = remote.command(remote.resolve(at), words, terminal=terminal and sys.stdin.isatty())
    sys.stdout.flush()
    try:
        os.execvp(command[0], command)  # noqa: S606 - a list of words, which no shell here reads
    except OSError as error:
        raise Failure(f"cannot start ssh: {error.strerror}") from None
