"""Entries of streams for a model: which ones matter, and as much of them as it can bear."""

from collections.abc import Iterable, Sequence

import msgspec

from penholder.cli.mcp.job import Job
from penholder.cli.mcp.tools import whom
from penholder_protocol.errors import CursorGone
from penholder_protocol.nouns import Entry

NOTABLE = (
    "approval.canceled", "approval.decided", "approval.expired", "approval.requested",
    "process.exited", "process.failed", "process.started",
    "runtime.detached", "runtime.exited",
    "worker.created", "worker.removed", "worker.state_changed",
)  # fmt: skip
"""What is told unless types are named: all but what a worker says by the line."""
ALL_TYPES = "*"
_LONGEST_DATA_BYTES = 4096
_MOST_BYTES = 48 << 10


class Selection(msgspec.Struct, frozen=True):
    """Streams, and which types of entries: None for all."""

    streams: list[str]
    types: list[str] | None


class Found(msgspec.Struct, frozen=True):
    """What was read, and where to go on."""

    shown: list[dict[str, object]]
    cursor: int


def select(
    job: Job, worker: str | None, streams: Sequence[str] | None, types: Sequence[str] | None
) -> Selection:
    """Return what to read: of a worker, of streams by their names, else of all own workers."""
    wanted = None if types is None else [each for each in types if each != ALL_TYPES] or None
    if streams:
        return Selection(list(streams), wanted)
    if types is None:
        wanted = list(NOTABLE)
    if worker is not None or job.desk.setup.is_inside:
        return Selection([f"worker:{whom.seen(job, worker).worker_id}"], wanted)
    held = f"controller:{job.desk.holding.controller_id(job.client)}"
    return Selection([held, f"{held}/workers"], wanted)


def read(job: Job, selection: Selection, cursor: int | None, limit: int) -> Found:
    """Read what is there after a cursor; without one from the oldest that is kept."""
    asked = {"streams": selection.streams, "types": selection.types, "limit": limit}
    try:
        page = job.client.journal.read(after=cursor or 0, **asked)  # type: ignore[arg-type]  # as above
    except CursorGone as gone:
        oldest = gone.details.get("oldest_pos")
        if cursor or not isinstance(oldest, int) or oldest < 1:
            raise
        page = job.client.journal.read(after=oldest - 1, **asked)  # type: ignore[arg-type]  # as above
    return fitting(page.items, page.pos)


def fitting(entries: Iterable[Entry], end: int) -> Found:
    """Return as many entries as a model can bear; the cursor is behind the last of them."""
    shown: list[dict[str, object]] = []
    size, cursor = 0, 0
    for entry in entries:
        each = show(entry)
        size += len(msgspec.json.encode(each))
        if shown and size > _MOST_BYTES:
            return Found(shown, cursor)
        shown.append(each)
        cursor = entry.pos
    return Found(shown, end)


def show(entry: Entry) -> dict[str, object]:
    """Return an entry without what only programs need; data that is long is cut, and says so."""
    told: dict[str, object] = {
        "pos": entry.pos, "ts": entry.ts, "stream": entry.stream, "type": entry.type
    }  # fmt: skip
    if entry.turn_id is not None:
        told["turn_id"] = entry.turn_id
    data = bytes(entry.data)
    if len(data) <= _LONGEST_DATA_BYTES:
        told["data"] = msgspec.Raw(data)
    else:
        told["data_cut"] = data[:_LONGEST_DATA_BYTES].decode("utf-8", "ignore")
        told["data_bytes"] = len(data)
    return told
