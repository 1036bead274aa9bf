"""How an agent stands: whether it is at something, asks, or has ended, and how that went.

The worker's state alone does not say it: what was sent may not have been taken yet, and an agent
that is being started is idle and takes nothing. So the two streams are folded: what was sent (the
controller's), what was taken and what came of it (the worker's).
"""

from collections.abc import Iterable

import msgspec

from penholder.blocking import Client
from penholder.cli.agent import told
from penholder.cli.workers import stream, waiting
from penholder_protocol.nouns import Entry, Worker

IDLE, ASKS, ENDED_WELL, ENDED_BADLY, UNKNOWN = 0, 20, 21, 22, 125
_TYPES = (
    "worker.sent", "process.started", "process.exited", told.OPENED, told.STARTED, told.STEERED,
    told.UNSTEERED, told.ENDED, "input.ignored", "approval.requested", "approval.decided",
    "approval.canceled", "approval.expired", "worker.state_changed", "worker.removed",
    "runtime.detached", "runtime.exited", "runtime.attached",
)  # fmt: skip
_PAGE = 1000
_WAIT_MS = 30_000
_BAD = (told.DIED, told.STOPPED, told.LOST, told.TURN_FAILED)


class _About(msgspec.Struct):
    worker_id: str | None = None
    seq: int = 0
    outcome: str | None = None


class Standing:
    """What the entries say so far of one worker."""

    def __init__(self, worker_id: str) -> None:
        """Know nothing."""
        self._worker_id = worker_id
        self._waiting: set[int] = set()
        """Numbers of inputs that were sent and not taken."""
        self._is_open = False
        self.outcome: str | None = None
        """How the last turn ended."""

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs and nothing waits to be taken."""
        return self._is_open and not self._waiting

    def take(self, entries: Iterable[Entry]) -> None:
        """Fold entries of both streams."""
        for entry in entries:
            self._take(entry)

    def _take(self, entry: Entry) -> None:
        about = msgspec.json.decode(entry.data, type=_About)
        if entry.type == "worker.sent" and about.worker_id == self._worker_id:
            self._waiting.add(about.seq)
        elif entry.type in (told.STARTED, "input.ignored"):
            # Turns are taken in their order; of those before some may be pruned.
            self._waiting = {seq for seq in self._waiting if seq > about.seq}
        elif entry.type == told.STEERED:
            self._waiting.discard(about.seq)
        elif entry.type == told.UNSTEERED:
            self._waiting.add(about.seq)
        elif entry.type == told.ENDED:
            self.outcome = about.outcome
        elif entry.type in ("process.started", "process.exited"):
            self._is_open = False
        elif entry.type == told.OPENED:
            self._is_open = True


def wait(client: Client, worker: Worker) -> int:
    """Wait until an agent is idle, asks or has ended; returns which, as an exit status."""
    standing = Standing(worker.worker_id)
    streams = [f"worker:{worker.worker_id}", f"controller:{worker.controller_id}"]
    after = client.journal.position().pos
    standing.take(stream.entries(client, streams, _TYPES, until=after))
    while True:
        found = _status(client, worker.worker_id, standing)
        if found is not None:
            return found
        page = client.journal.wait(
            streams=streams, types=list(_TYPES), after=after, limit=_PAGE, timeout_ms=_WAIT_MS
        )
        standing.take(page.items)
        after = page.pos


def _status(client: Client, worker_id: str, standing: Standing) -> int | None:
    worker = waiting.find(client, worker_id)
    if worker is None:
        return UNKNOWN
    if client.approval.list(worker_id=worker_id, limit=1).items:
        return ASKS
    if waiting.has_ended(worker):
        is_well = worker.state == "stopped" and worker.last_error is None
        return ENDED_WELL if is_well and standing.outcome not in _BAD else ENDED_BADLY
    return IDLE if worker.state == "idle" and standing.is_idle else None
