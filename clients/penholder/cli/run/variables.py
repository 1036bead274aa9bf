"""Variables of the command's environment that were named: with a value, or without.

`--env K=V` is stored with the worker, for everybody who may read it; `--env K` passes the caller's
value on and stores the name only. So a secret is passed by its name.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from penholder.cli.terminal.failures import Usage

_OURS = ("PENHOLDER_SOCKET", "PENHOLDER_WORKER_ID", "PENHOLDER_FENCE")
MOST_NAMES = 100
LONGEST_NAME = 256


class Variables(NamedTuple):
    """What was named."""

    stored: dict[str, str]
    passed: dict[str, str]
    """Of these only the names are kept."""

    @property
    def names(self) -> list[str]:
        """All names, as an event keeps them."""
        return [*self.stored, *self.passed]


def read(words: Iterable[str], environment: Mapping[str, str]) -> Variables:
    """Read what `--env` was given; raises Usage for what nothing can have, or nobody has."""
    found = Variables({}, {})
    for word in words:
        name, equals, value = word.partition("=")
        check(name, word if not equals else value)
        for other in (found.stored, found.passed):
            other.pop(name, None)
        if equals:
            found.stored[name] = value
        elif name in environment:
            found.passed[name] = environment[name]
        else:
            raise Usage(
                f"--env {name}: there is no such variable here; set it, or say --env {name}=VALUE,"
                " which is stored"
            )
    if len(found.names) > MOST_NAMES:
        raise Usage(f"--env names {len(found.names)} variables; at most {MOST_NAMES} can be kept")
    return found


def check(name: str, value: str) -> None:
    """Raise Usage for what no variable can be called or hold here."""
    if not name or len(name) > LONGEST_NAME:
        raise Usage(f"--env takes NAME=VALUE or NAME; a NAME has 1 to {LONGEST_NAME} characters")
    if name in _OURS:
        raise Usage(f"--env {name}: penholder run sets that itself")
    for text in (name, value):
        if _is_odd(text):
            raise Usage(f"--env {name!r}: what is stored must be UTF-8, without zero bytes")


def _is_odd(text: str) -> bool:
    return "\0" in text or any("\ud800" <= character <= "\udfff" for character in text)
