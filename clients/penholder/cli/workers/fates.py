"""What became of a question that nobody can answer any more: how it ended, when, and by whom.

Two people may answer at once, and who comes second has to hear what the first one said. The answer
is in the question's record; who gave it is in the journal alone, which is looked through from its
end for so far as is quickly read.
"""

from collections.abc import Callable, Iterator

import msgspec

from penholder.blocking import Client
from penholder.cli import pages
from penholder.cli.terminal import ages, clock
from penholder.cli.terminal.text import printable
from penholder.cli.workers import hosts, stream
from penholder_protocol.errors import ApprovalNotFound, ApprovalNotPending
from penholder_protocol.nouns import Approval

_ENDS = ("approval.decided", "approval.canceled", "approval.expired")
_LOOKED_BACK = 20_000
"""Positions of the journal, for who ended a question."""


class _End(msgspec.Struct):
    request_id: str = ""
    uid: int | None = None
    pid: int | None = None
    host_id: str | None = None


def has_ended(client: Client, ended: Approval) -> ApprovalNotPending:
    """Make the error that says what became of a question."""
    return ApprovalNotPending(
        f"question {ended.request_id} is not asked any more: {_told(client, ended)}",
        request_id=ended.request_id,
        current_state=ended.state,
    )


def last_of(client: Client, worker_id: str) -> Approval | None:
    """Return the question of a worker that was ended last, if any was."""
    asked = {"worker_id": worker_id, "state": "all"}
    listed = pages.items(client.call, "approval.list", asked, Approval)
    return max(
        (each for each in listed if each.decided_at is not None),
        key=lambda each: each.decided_at or "",
        default=None,
    )


def by_end(client: Client, what: str) -> Approval | None:
    """Return the question with this end of an id that was ended last, of those a moment ago."""
    found = list(_ends(client, lambda end: end.request_id.endswith(what)))
    if not found:
        return None
    try:
        return client.approval.get(request_id=found[-1].request_id)
    except ApprovalNotFound:
        return None  # it went with its worker


def _told(client: Client, ended: Approval) -> str:
    age = ages.since(ended.decided_at, clock.now(client))
    text = f"it was {ended.state} {age} ago"
    if ended.decision is not None:
        text = f"it was decided {age} ago: {printable(ended.decision)}"
    by = next(_ends(client, lambda end: end.request_id == ended.request_id), None)
    text += "" if by is None else _actor(client, by)
    return f"{text} ({printable(ended.note)})" if ended.note else text


def _ends(client: Client, is_meant: Callable[[_End], bool]) -> Iterator[_End]:
    end = client.journal.position().pos
    for entry in stream.entries(client, ["*"], _ENDS, max(0, end - _LOOKED_BACK), end):
        try:
            found = msgspec.json.decode(entry.data, type=_End)
        except msgspec.MsgspecError:
            continue  # a program's own entry of that name
        if is_meant(found):
            yield found


def _actor(client: Client, end: _End) -> str:
    if end.pid is None or end.uid is None:
        return ""
    known = hosts.known(client)
    called = hosts.labels(known) if len(known) > 1 else {}
    where = f" on {printable(called[end.host_id])}" if end.host_id in called else ""
    return f", by process {end.pid} of uid {end.uid}{where}"
