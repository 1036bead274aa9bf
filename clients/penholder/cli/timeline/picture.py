"""A picture before it is drawn: groups of rows, and what lies on them in time.

Texts are as they came, from whom they came; whoever writes them down makes them safe (`markup`).
Times are milliseconds since 1970.
"""

from collections.abc import Sequence
from datetime import tzinfo

import msgspec

About = tuple[str, ...]
"""What is told of something when a pointer rests on it, a line each."""


class Span(msgspec.Struct, frozen=True):
    """Something that lasted: a state, a turn, a question, an ownership."""

    kind: str
    begin_ms: int
    end_ms: int
    about: About


class Mark(msgspec.Struct, frozen=True):
    """Something that happened in a moment: `takeover`, `restart`, `failure`, `answer`."""

    kind: str
    at_ms: int
    about: About


class Row(msgspec.Struct, frozen=True):
    """A worker."""

    worker_id: str
    name: str
    state: str
    """As it is at the end of the picture."""
    about: About
    states: Sequence[Span]
    turns: Sequence[Span]
    questions: Sequence[Span]
    marks: Sequence[Mark]
    density: Sequence[float]
    """Entries of its stream in each of the equal parts of the picture's time."""
    is_sampled: bool
    """Whether the density is exact only from one entry that was looked at to the next."""

    @property
    def entries(self) -> int:
        """How many entries its stream got."""
        return round(sum(self.density))


class Group(msgspec.Struct, frozen=True):
    """A controller and its workers."""

    controller_id: str
    label: str
    owners: Sequence[Span]
    marks: Sequence[Mark]
    rows: Sequence[Row]


class Picture(msgspec.Struct, frozen=True):
    """All of it."""

    begin_ms: int
    end_ms: int
    groups: Sequence[Group]
    notes: Sequence[str]
    zone: tzinfo

    @property
    def rows(self) -> int:
        """How many workers there are."""
        return sum(len(group.rows) for group in self.groups)
