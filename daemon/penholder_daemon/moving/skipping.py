"""Rows that are not moved, each with the reason, in a file of their own."""

import os
from pathlib import Path

import msgspec

from penholder_daemon.moving import outfile
from penholder_daemon.refusals import Refused

SKIPPED = "import.skipped"
"""The type of an entry that stands where a skipped event was, so that no number is missing."""


class Skipped(msgspec.Struct):
    """One line of the file."""

    table: str
    id: str
    why: str


class Skipping:
    """What was moved and what was not; without a file nothing may be skipped."""

    def __init__(self, path: Path | None = None) -> None:
        """Begin with nothing; raises Refused if there is such a file already."""
        if path is not None and os.path.lexists(path):
            raise Refused(f"{path} is there already; choose a new name")
        self._path = path
        self._skipped: list[Skipped] = []
        self._moved: set[tuple[str, str]] = set()

    @property
    def is_on(self) -> bool:
        """Whether rows that do not fit are skipped."""
        return self._path is not None

    @property
    def count(self) -> int:
        """How many were skipped."""
        return len(self._skipped)

    def skips(self, table: str, row_id: object, why: str) -> bool:
        """Note that a row is skipped; False if it may not be."""
        if self.is_on:
            # A row that was read well may be refused later, for what it belongs to.
            self._moved.discard((table, shown(row_id)))
            self._skipped.append(Skipped(table, shown(row_id), why))
        return self.is_on

    def move(self, table: str, row_id: str) -> None:
        """Note that a row is moved, for those that belong to it."""
        self._moved.add((table, row_id))

    def has_moved(self, table: str, row_id: str) -> bool:
        """Tell whether a row is moved."""
        return (table, row_id) in self._moved

    def write(self) -> None:
        """Write the file, before what is moved is kept: what is not must be known by then."""
        if self._path is None:
            return
        with outfile.opened(self._path) as file:
            for each in self._skipped:
                file.write(msgspec.json.encode(each) + b"\n")


def shown(row_id: object) -> str:
    """Write an id as text, whatever was stored as one."""
    return row_id.decode("utf-8", "backslashreplace") if isinstance(row_id, bytes) else str(row_id)
