"""What the feed tells: each notice changes what is known, in the order in which they come."""

from collections.abc import Mapping, Sequence

import msgspec

from penholder.cli.top.model.records import (
    Controller,
    Event,
    Input,
    Key,
    Overview,
    Question,
    Run,
    Task,
    WorkerRecord,
)
from penholder_protocol.nouns import Entry


class Listed(msgspec.Struct, frozen=True):
    """All that a host has, read anew: at the start, and where the journal cannot be gone on with.

    `is_cut` says that there were more questions than are kept.
    """

    host: str
    workers: Sequence[Overview]
    questions: Sequence[Question]
    controllers: Sequence[Controller]
    is_cut: bool = False
    machines: Mapping[str, str] = {}
    """What the hosts that share its store are called, by id."""


class Came(msgspec.Struct, frozen=True):
    """Entries of the journal, in order, and records that were read because of them."""

    host: str
    entries: Sequence[Entry]
    workers: Sequence[WorkerRecord] = ()
    questions: Sequence[Question] = ()
    controllers: Sequence[Controller] = ()


class Lost(msgspec.Struct, frozen=True):
    """A host does not answer since a time (seconds since 1970); what is shown of it is stale."""

    host: str
    at: float
    why: str


class Back(msgspec.Struct, frozen=True):
    """A host answers again."""

    host: str


class ClockRead(msgspec.Struct, frozen=True):
    """How far the clock that a host's times are of is ahead of the one here."""

    host: str
    ahead_s: float


class TailRead(msgspec.Struct, frozen=True):
    """The end of a worker's stream, oldest first."""

    worker: Key
    events: Sequence[Event]


class DetailsRead(msgspec.Struct, frozen=True):
    """What a worker was sent and has not taken, the tasks that concern it, and its runs."""

    worker: Key
    inputs: Sequence[Input] = ()
    tasks: Sequence[Task] = ()
    runs: Sequence[Run] = ()


Notice = Listed | Came | Lost | Back | ClockRead | TailRead | DetailsRead
