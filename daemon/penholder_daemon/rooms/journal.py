"""Reading all streams at once: subscriptions, waits, pages."""

from functools import partial
from typing import Literal

from penholder_daemon.core import access, backlog, journal
from penholder_daemon.core.caller import CONTROL, RUNTIME
from penholder_daemon.core.method import Waiting
from penholder_daemon.core.registry import Room
from penholder_daemon.core.session import Session
from penholder_daemon.core.streams import Selection
from penholder_daemon.core.transaction import Rx
from penholder_daemon.rooms.runs.records import runs
from penholder_protocol.errors import CursorGone, InvalidParams, TooManySubscriptions
from penholder_protocol.limits import DEFAULT_LIST_LIMIT, DEFAULT_WAIT_MS
from penholder_protocol.nouns import CurrentPosition, Entries, Subscription, Unsubscribed
from penholder_protocol.nouns.words import (
    ListLimit,
    Position,
    StreamNames,
    SubscriptionId,
    Types,
    WaitMs,
)

room = Room("journal")


@room.local(
    sockets=(CONTROL, RUNTIME),
    errors=(InvalidParams, CursorGone, TooManySubscriptions),
    takes_nul=True,
)
async def subscribe(
    session: Session,
    *,
    streams: StreamNames,
    after: Position | Literal["now", "start"] = "now",
    types: Types | None = None,
) -> Subscription:
    """Have entries sent as they are committed: those after a position, then live, without a gap.

    Notifications: journal.entries {subscription, entries, pos}; journal.lagged {subscription,
    resume_after} ends a subscription whose reader does not keep up, and a worker's when another
    runner claims a run in it: subscribe again after that position; journal.pruned {subscription,
    stream, oldest_pos} when retention overtakes it.
    """
    selection = Selection(streams, types)
    check = None
    if session.caller.worker_id is not None:
        check = partial(_require_readable, names=streams)
        # Here, so that the call is refused; each page of the backlog asks it again in its own view.
        await session.read(check)
    if after == "now":
        return await session.subscribe(selection, None, check)
    if after == "start":
        return await session.subscribe(selection, 0, check)
    from_pos = int(after)
    await session.read(lambda rx: backlog.refuse_gone(rx, selection, from_pos))
    return await session.subscribe(selection, from_pos, check)


@room.local(sockets=(CONTROL, RUNTIME))
async def unsubscribe(session: Session, *, subscription: SubscriptionId) -> Unsubscribed:
    """End a subscription of this connection."""
    return Unsubscribed(unsubscribed=session.unsubscribe(subscription))


@room.query(sockets=(CONTROL, RUNTIME), errors=(InvalidParams, CursorGone))
def read(
    rx: Rx,
    *,
    streams: StreamNames,
    after: Position = 0,
    types: Types | None = None,
    limit: ListLimit = DEFAULT_LIST_LIMIT,
) -> Entries:
    """Return entries of several streams in global order; go on after `pos` of the answer.

    With `types`, or over very many streams, one call looks through a piece of the journal: a page
    may be empty though `pos` is not the journal's end yet.
    """
    page, _ = _page(rx, _selection(rx, streams, types), after, limit)
    return page


@room.wait(sockets=(CONTROL, RUNTIME), errors=(InvalidParams, CursorGone))
def wait(
    rx: Rx,
    *,
    streams: StreamNames,
    after: Position,
    types: Types | None = None,
    limit: ListLimit = DEFAULT_LIST_LIMIT,
    timeout_ms: WaitMs = DEFAULT_WAIT_MS,  # noqa: ARG001 - the shell keeps the time
) -> Waiting[Entries]:
    """Return entries as journal.read does, as soon as there are any; empty at the timeout.

    It looks on from where it came to by itself; go on after `pos`, also of an empty answer.
    """
    found, more = _page(rx, _selection(rx, streams, types), after, limit)
    return Waiting(
        found,
        ready=bool(found.items),
        streams=tuple(streams),
        go_on={"after": found.pos},
        is_partial=more,
    )


@room.query(sockets=(CONTROL, RUNTIME))
def position(rx: Rx) -> CurrentPosition:
    """Return the position of the newest entry."""
    return CurrentPosition(pos=journal.position(rx))


def _selection(rx: Rx, names: StreamNames, types: Types | None) -> Selection:
    selection = Selection(names, types)
    _require_readable(rx, names)
    return selection


def _require_readable(rx: Rx, names: StreamNames) -> None:
    access.require_readable(rx, names, partial(runs.is_stream_of, rx))


def _page(rx: Rx, selection: Selection, after: int, limit: int) -> tuple[Entries, bool]:
    backlog.refuse_gone(rx, selection, after)
    found = backlog.read(rx, selection, after, limit)
    return Entries(items=found.items, pos=found.pos), found.more
