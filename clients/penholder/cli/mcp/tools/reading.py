"""What happened: entries since a cursor, waited for or not, and what workers printed."""

import time
from functools import partial
from itertools import takewhile
from typing import Annotated, Literal

from msgspec import Meta

from penholder.cli.mcp import entries
from penholder.cli.mcp.entries import Found, Selection
from penholder.cli.mcp.job import Job
from penholder.cli.mcp.tools import patience, questions, whom
from penholder.cli.mcp.tools.base import Cursor, Params
from penholder.cli.mcp.tools.overview import brief
from penholder.cli.workers import endings, transcript
from penholder.cli.workers.endings import is_living
from penholder.cli.workers.stream import Reading
from penholder.cli.workers.transcript import Piece

LONGEST_WAIT_S = 50
_MOST_ENTRIES = 200
_MOST_LOG_BYTES = 32 << 10
_FIRST_SPAN = 64

_Worker = Annotated[
    str, Meta(min_length=1, max_length=4096, description="Only of this worker: its name or id.")
]
_Streams = Annotated[
    list[str],
    Meta(
        max_length=64,
        description="Streams by name in place of your workers': worker:ID, controller:ID,"
        " queue:NAME, topic:NAME, run:ID, board:ID.",
    ),
]
_Types = Annotated[
    list[str],
    Meta(
        max_length=64,
        description='Only these types of entries; ["*"] is all, what workers print included.'
        " Default of your workers: starts, ends, states and questions; of streams by name: all.",
    ),
]


class ReadEvents(Params):
    """Params of read_events."""

    cursor: Cursor | None = None
    worker: _Worker | None = None
    streams: _Streams | None = None
    types: _Types | None = None
    limit: Annotated[int, Meta(ge=1, le=_MOST_ENTRIES)] = 50


def read_events(job: Job, params: ReadEvents) -> dict[str, object]:
    """Return entries after a cursor, oldest first."""
    selection = entries.select(job, params.worker, params.streams, params.types)
    found = entries.read(job, selection, params.cursor, params.limit)
    return {"events": found.shown, "cursor": found.cursor}


class Wait(Params):
    """Params of wait."""

    cursor: Cursor | None = None
    worker: _Worker | None = None
    streams: _Streams | None = None
    types: _Types | None = None
    question: (
        Annotated[
            str, Meta(min_length=1, description="In place of all that: until it is answered.")
        ]
        | None
    ) = None
    timeout_s: Annotated[
        float, Meta(ge=0, le=LONGEST_WAIT_S, description="How long at most; 50 is the most.")
    ] = 30


def wait(job: Job, params: Wait) -> dict[str, object]:
    """Return what happens after a cursor as soon as it does, or say that nothing has."""
    if params.question is not None:
        return questions.wait_for(job, params.question, params.timeout_s)
    deadline = time.monotonic() + params.timeout_s
    selection = entries.select(job, params.worker, params.streams, params.types)
    cursor = job.client.journal.position().pos if params.cursor is None else params.cursor
    found = Found([], cursor)
    while True:
        left_s = deadline - time.monotonic()
        found = patience.look(job, left_s, found, partial(_next, job, selection, found.cursor))
        if found.shown:
            return {"events": found.shown, "cursor": found.cursor}
        if time.monotonic() >= deadline:
            note = f"nothing yet, call again with cursor {found.cursor}"
            return {"events": [], "cursor": found.cursor, "note": note}
        job.progress(params.timeout_s, "nothing yet")


def _next(job: Job, selection: Selection, cursor: int, within_s: float) -> Found:
    page = job.client.journal.wait(
        streams=selection.streams,
        types=selection.types,
        after=cursor,
        limit=_MOST_ENTRIES,
        timeout_ms=int(within_s * 1000),
    )
    return entries.fitting(page.items, page.pos)


class ReadLogs(Params):
    """Params of read_logs."""

    worker: _Worker | None = None
    lines: Annotated[int, Meta(ge=1, le=1000, description="How many of the last ones.")] = 50
    stream: Annotated[
        Literal["stdout", "stderr"] | None, Meta(description="Only this one; default both.")
    ] = None


def read_logs(job: Job, params: ReadLogs) -> dict[str, object]:
    """Return the last lines that a worker printed, and how it ended if it has."""
    worker = whom.seen(job, params.worker)
    pieces, is_whole = _last(job, worker.worker_id, params)
    text = b"".join(piece.content for piece in pieces)
    if len(text) > _MOST_LOG_BYTES:
        text, is_whole = text[-_MOST_LOG_BYTES:], False
    told = {**brief(worker), "text": text.decode("utf-8", "replace"), "cut": not is_whole}
    if not is_living(worker):
        ending = endings.find(job.client, worker.worker_id)
        told |= {} if ending is None else {"ended": ending.text, "exit_status": ending.code}
    return told


def _last(job: Job, worker_id: str, params: ReadLogs) -> tuple[list[Piece], bool]:
    """Return the last lines, and whether there are no more before them.

    They lie in the last events, of which ever more are read until there are enough lines.
    """
    reading = Reading(job.client, worker_id)
    last, span = reading.last_seq(), params.lines + _FIRST_SPAN
    while True:
        after = max(0, last - span)
        events = takewhile(lambda event: event.event_seq <= last, reading.after(after))
        output = (event for event in events if event.type == transcript.OUTPUT)
        read = (transcript.piece_of(event.ts, event.data) for event in output)
        wanted = (each for each in read if each and params.stream in (None, each.stream))
        found = list(transcript.lines(wanted))
        # One more than wanted: the first may be the end of a line that begins before.
        if len(found) > params.lines or after == 0:
            return found[-params.lines :], after == 0 and len(found) <= params.lines
        span *= 4
