"""Stream names and what a set of them selects, for SQL and for live entries alike."""

import re
from collections.abc import Sequence

from penholder_daemon.core.store import SqlValue, one_of
from penholder_daemon.core.transaction import Published
from penholder_protocol.errors import InvalidParams

_KINDS = ("worker", "controller", "run", "board", "topic", "queue")
# Topics may hold any character, newlines too.
_NAME = re.compile(r"(worker|controller|run|board|topic|queue):(.+)|daemon", re.DOTALL)
_CHILDREN = "/workers"
ALL = "*"
_SHARED = ("topic:", "board:")


def worker(worker_id: str) -> str:
    """Name a worker's stream."""
    return f"worker:{worker_id}"


def inputs(worker_id: str) -> str:
    """Name what wakes those who wait for a worker's input; nothing is ever added to it.

    No stream of another subject has this name, for no id holds a slash.
    """
    return f"{worker(worker_id)}/inputs"


def run(run_id: str) -> str:
    """Name a run's stream; its claim goes by the same name."""
    return f"run:{run_id}"


def queue(name: str) -> str:
    """Name a queue's stream."""
    return f"queue:{name}"


def controller(controller_id: str) -> str:
    """Name a controller's stream."""
    return f"controller:{controller_id}"


def topic(name: str) -> str:
    """Name the stream of a topic's messages."""
    return f"topic:{name}"


def board(board_id: str) -> str:
    """Name the stream of a board's events."""
    return f"board:{board_id}"


def is_shared(name: str) -> bool:
    """Tell whether a stream has no owner, so that every worker may read it."""
    return name.startswith(_SHARED)


class Selection:
    """Which entries a reader asked for: streams by name, by parent, by prefix, or all; by type.

    Raises InvalidParams for a name that no stream can have.
    """

    def __init__(self, names: Sequence[str], types: Sequence[str] | None = None) -> None:
        """Sort the names by what they select."""
        self.everything = ALL in names
        self.exact: set[str] = set()
        self.parents: set[str] = set()
        self.prefixes: set[str] = set()
        self.types = frozenset(types) if types is not None else None
        for name in names:
            self._add(name)

    def _add(self, name: str) -> None:
        if name == ALL:
            return
        if not _NAME.fullmatch(name):
            raise InvalidParams(
                f"{name!r} is no stream; a stream is {', '.join(f'{k}:<id>' for k in _KINDS)},"
                " controller:<id>/workers, topic:*, daemon or *",
                stream=name,
            )
        if name.startswith("controller:") and name.endswith(_CHILDREN):
            self.parents.add(name.removesuffix(_CHILDREN))
        elif name == "topic:*":
            self.prefixes.add("topic:")
        else:
            self.exact.add(name)

    @property
    def is_one_stream(self) -> bool:
        """Whether a single stream was asked for, by its name."""
        return len(self.exact) == 1 and not (self.everything or self.parents or self.prefixes)

    def matches(self, published: Published) -> bool:
        """Tell whether a live entry is among those asked for."""
        entry = published.entry
        if self.types is not None and entry.type not in self.types:
            return False
        return (
            self.everything
            or entry.stream in self.exact
            or published.parent in self.parents
            or any(entry.stream.startswith(prefix) for prefix in self.prefixes)
        )

    def where_streams(self) -> tuple[str, list[SqlValue]]:
        """Say the same in SQL about `streams s`, without the types."""
        if self.everything:
            return "TRUE", []
        parts: list[str] = []
        values: list[SqlValue] = []
        for column, names in (("s.name", self.exact), ("s.parent", self.parents)):
            if names:
                parts.append(f"{column} {one_of(names)}")
                values += sorted(names)
        for prefix in sorted(self.prefixes):
            # A range, since it goes along the index of names; LIKE takes both cases of a letter.
            parts.append("(s.name >= ? AND s.name < ?)")
            values += [prefix, prefix[:-1] + chr(ord(prefix[-1]) + 1)]
        return f"({' OR '.join(parts) or 'FALSE'})", values
