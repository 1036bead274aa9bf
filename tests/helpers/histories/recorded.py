"""What is recorded of a run: every call with its time, and what was read at the end.

All times are of one monotonic clock, that of the process which calls. What was done took place
between `begun` and `done`; of what is unknown nobody knows when, if ever, so its `done` is never.
"""

import math
from dataclasses import dataclass, field
from enum import Enum

NEVER = math.inf


class Outcome(Enum):
    """What a caller knows of its call."""

    DONE = "done"
    REFUSED = "refused"
    """It was said that nothing was written."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call, from its first attempt that may have counted to its answer."""

    daemon: int
    """Which daemon answered, or was asked last."""
    begun: float
    done: float = NEVER
    outcome: Outcome = Outcome.UNKNOWN
    refusal: str | None = None
    """The name of the error of what was refused."""
    words: str = ""
    """What else it said."""

    @property
    def is_done(self) -> bool:
        """Whether it was acknowledged."""
        return self.outcome is Outcome.DONE


@dataclass(frozen=True, kw_only=True)
class Append(Call):
    """A unique number was to be appended to a stream."""

    stream: str
    number: int
    seq: int | None = None
    """Where it was acknowledged to be."""
    subject: str | None = None
    epoch: int | None = None
    """The fence under which it was written."""
    record: str | None = None
    before: str | None = None
    after: str | None = None
    """The record that it moved, all or nothing, and between which states."""


@dataclass(frozen=True, kw_only=True)
class Read(Call):
    """What a stream held behind a seq, up to its end."""

    stream: str
    after_seq: int
    numbers: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Look(Call):
    """The state in which a record was found."""

    record: str
    state: str


@dataclass(frozen=True, kw_only=True)
class Hold(Call):
    """A subject was taken, or the lease of it renewed."""

    subject: str
    epoch: int | None = None
    lease_ms: int
    takes_over: bool = False
    """Whether it may be taken from a holder whose lease goes on."""
    renews: bool = False


@dataclass(frozen=True, kw_only=True)
class Completion(Call):
    """A task was to be completed with a unique number as its result."""

    subject: str
    epoch: int
    number: int


@dataclass(frozen=True)
class Entry:
    """One entry of a stream."""

    stream: str
    seq: int
    pos: int
    number: int


@dataclass(frozen=True)
class Told:
    """All that one subscriber was told, in the order in which it was."""

    subscriber: str
    entries: tuple[Entry, ...]
    after_pos: int
    """Where it began."""
    refusals: tuple[str, ...] = ()
    """Why it could not go on, but for a store that failed."""


@dataclass(frozen=True)
class Final:
    """What one daemon answers when all is over."""

    daemon: int
    entries: tuple[Entry, ...]
    """The journal of all streams, by position."""
    states: dict[str, str]
    """Of each record that is moved."""
    results: dict[str, int | None]
    """Of each task; None where it is not completed."""
    findings: tuple[str, ...] = ()
    """What `daemon.verify` has found."""

    def of(self, stream: str) -> list[Entry]:
        """Return the entries of one stream."""
        return [each for each in self.entries if each.stream == stream]


@dataclass
class History:
    """All of a run. Threads add to it: appending to a list is one step."""

    appends: list[Append] = field(default_factory=list)
    reads: list[Read] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    completions: list[Completion] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    finals: list[Final] = field(default_factory=list)
    first_states: dict[str, str] = field(default_factory=dict)
    """In which state each record was at first."""
