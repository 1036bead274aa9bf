"""What a worker of `penholder run` is called.

A name is the worker's label, and people type it. So no two living workers of a controller have the
same one by `--name`; and one that is made here, of the program's name and a number, no two workers
have, be they living or not.

Nothing in the daemon keeps labels apart, and between a look and the making of a worker another one
may be made. So it is looked again after the making: mutations come one after another, and lists are
in that order, so of two with one name both see which came first. The later one gives way.
"""

import os
import re
from collections.abc import Iterator

from penholder.blocking import Client
from penholder.cli.terminal.failures import Failure, Usage
from penholder.cli.terminal.text import printable
from penholder.cli.workers.names import Known, all_known

_ID = re.compile(r"w_[0-9a-f]{16,}")
LONGEST = 64
_ALLOWED = re.compile(r"[A-Za-z0-9._-]{1,64}")
_OTHERS = re.compile(r"[^A-Za-z0-9._-]+")
_MOST_DIGITS = 9
CONFLICT = 4


class Taken(Failure):
    """A living worker of the controller has the name."""

    def __init__(self, name: str, worker_id: str) -> None:
        """Say which."""
        super().__init__(
            f"{name!r} is the name of a living worker already ({worker_id}); choose another, or end"
            f" that one: penholder stop {worker_id}",
            CONFLICT,
        )


def is_name(text: str) -> bool:
    """Tell whether a label can be said as a name."""
    return _ALLOWED.fullmatch(text) is not None and not text.startswith("-")


def check(name: str) -> str:
    """Return a name that was given; raises Usage where it is none."""
    if _ID.fullmatch(name):
        raise Usage(f"--name {name}: this is what ids look like, and an id goes before a name")
    if not is_name(name):
        raise Usage(
            f"--name {printable(name)!r}: a name has 1 to {LONGEST} of the characters A-Z a-z 0-9 ."
            " _ - and does not begin with -"
        )
    return name


def base_of(program: str) -> str:
    """Return what a program is called in names."""
    name = os.path.basename(os.fsencode(program)).decode("utf-8", "replace")
    kept = _OTHERS.sub("-", name).lstrip("-.").rstrip("-")
    return kept[: LONGEST - _MOST_DIGITS - 1] or "run"


class Naming:
    """The finding of a name among the workers of one controller."""

    def __init__(self, client: Client, controller_id: str, name: str | None, program: str) -> None:
        """Take the name that was given, or the program to make one of."""
        self._client = client
        self._controller_id = controller_id
        self._name = name
        self._base = base_of(program)
        self._newest: str | None = None
        self._further = 0

    def choose(self) -> str:
        """Return a name that is free now; raises Taken."""
        known = list(all_known(self._client, self._controller_id))
        self._newest = known[0].worker_id if known else None
        if self._name is None:
            return f"{self._base}-{self._next_number(known) + self._further}"
        for each in known:
            if each.label == self._name and each.is_living:
                raise Taken(self._name, each.worker_id)
        return self._name

    def is_kept(self, worker_id: str, label: str) -> bool:
        """Tell whether a worker that was made with the name came first; raises Taken."""
        others = [each for each in self._made_before(worker_id) if each.label == label]
        if self._name is None:
            # Of those who give way, each goes on to a number of its own.
            self._further = max(0, len(others) - 1)
            return not others
        for each in others:
            if each.is_living:
                raise Taken(label, each.worker_id)
        return True

    def _made_before(self, worker_id: str) -> Iterator[Known]:
        """Yield those that were made since the choice, and before this one."""
        listed = all_known(self._client, self._controller_id)
        for each in listed:
            if each.worker_id == worker_id:
                break
        for each in listed:
            if each.worker_id == self._newest:
                return
            yield each

    def _next_number(self, known: list[Known]) -> int:
        own = re.compile(rf"{re.escape(self._base)}-([0-9]{{1,{_MOST_DIGITS}}})")
        found = (own.fullmatch(each.label) for each in known)
        return max((int(match[1]) for match in found if match), default=0) + 1
