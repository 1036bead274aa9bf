"""What the worker's stream says of the runner before: its session, its turn, its questions.

Nothing else is kept anywhere: what was acknowledged is in the stream, and what was not is nowhere.
"""

from collections.abc import Iterable

import msgspec

from penholder.blocking import Client
from penholder.cli.agent import told
from penholder.cli.agent.summary import Totals
from penholder.cli.workers import stream
from penholder.cli.workers.summaries import Cost
from penholder_protocol.nouns import Entry

_PAGE = 1000


class Turn(msgspec.Struct):
    """A turn that was begun."""

    turn_id: str
    seq: int
    text: str
    begun_pos: int | None = None
    """Where it was told; None while it is not."""
    why: str | None = None
    """What we know of why it ends, before it has."""
    is_over: bool = False
    """Its end is on its way to be told."""
    canceled_pos: int | None = None
    """Where it was canceled, where that came before it was known where it began."""
    steered: dict[int, str] = {}
    """What was said within it, by the numbers of the inputs."""

    @property
    def all_text(self) -> str:
        """All that the agent was asked."""
        return "\n\n".join([self.text, *self.steered.values()])


class Before(msgspec.Struct):
    """What was."""

    session_id: str | None = None
    turn: Turn | None = None
    asked: dict[str, told.Asked] = {}
    """Questions whose answers were not used, by the ids of their approvals."""
    unknown: list[str] = []
    """Questions that are asked, of which the stream does not say what was asked exactly."""
    totals: Totals = msgspec.field(default_factory=Totals)
    cost_before: Cost | None = None
    """What sessions cost that were before this one."""
    turns: int = 0
    steered: set[int] = set()
    """Inputs that were said within a turn."""


def read(client: Client, worker_id: str, after: int) -> Before:
    """Read what is told of a worker behind a position of the journal."""
    before = fold(stream.entries(client, [stream.of_worker(worker_id)], told.KEPT, after))
    pending = client.approval.list(worker_id=worker_id, limit=_PAGE).items
    before.unknown = [
        each.request_id
        for each in pending
        if each.keep
        and each.kind.startswith(told.TOOL_KIND)
        and each.request_id not in before.asked
    ]
    return before


def fold(entries: Iterable[Entry]) -> Before:
    """Fold the entries of KEPT types; what cannot be read of one is as if it were not there."""
    before = Before()
    for entry in entries:
        try:
            _take(before, entry)
        except msgspec.MsgspecError:
            continue
    return before


def _take(before: Before, entry: Entry) -> None:
    data = bytes(entry.data)
    if entry.type == told.OPENED:
        session_id = msgspec.json.decode(data, type=told.Opened).session_id
        if session_id != before.session_id:
            before.cost_before = before.totals.cost
        before.session_id = session_id
    elif entry.type == told.STARTED:
        begun = msgspec.json.decode(data, type=told.Started)
        before.turn = Turn(entry.turn_id or "", begun.seq, begun.text, entry.pos)
        before.turns += 1
    elif entry.type in (told.STEERED, told.UNSTEERED):
        _steer(before, entry)
    elif entry.type == told.CANCELING and before.turn is not None:
        before.turn.why = told.CANCELED
    elif entry.type == told.ENDED:
        before.turn = None
        before.totals = msgspec.json.decode(data, type=told.Ended).totals
    elif entry.type == told.ASKED:
        asked = msgspec.json.decode(data, type=told.Asked)
        before.asked[asked.request_id] = asked
    elif entry.type in (told.ANSWERED, told.SUPERSEDED):
        about = msgspec.json.decode(data, type=told.About).request_id
        before.asked.pop(about or "", None)


def _steer(before: Before, entry: Entry) -> None:
    if entry.type == told.STEERED:
        said = msgspec.json.decode(entry.data, type=told.Started)
        before.steered.add(said.seq)
        if before.turn is not None:
            before.turn.steered[said.seq] = said.text
    else:
        seq = msgspec.json.decode(entry.data, type=told.Unsteered).seq
        before.steered.discard(seq)
        if before.turn is not None:
            before.turn.steered.pop(seq, None)
