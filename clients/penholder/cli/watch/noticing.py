"""Which entries of the journal a person wants to hear of. Pure: entries in, what to tell out.

What was done to workers is believed of their controllers' streams only, where nobody but the daemon
writes; how a command ended is believed of the worker's own stream, about itself.

One failure is told once, though it shows in several entries: a command that exits with 3 is an
event of the worker, and then its worker goes to error. So who was told of stays told of until it
begins anew. A worker that somebody stopped has not failed, however its process ends.
"""

from collections.abc import Sequence

import msgspec

from penholder.cli.watch.facts import Kind
from penholder.cli.workers import endings
from penholder_protocol.nouns import Entry

CONTROLLER, WORKER = "controller:", "worker:"
TYPES = (
    *("approval.requested", "approval.decided", "approval.canceled", "approval.expired"),
    *("worker.state_changed", "worker.removed", "runtime.attached", "runtime.exited"),
    *("process.started", "process.exited", "process.failed"),
)
ENDING = ("stopped", "canceling")
"""States in which the end of a process is no failure: somebody wants it."""
_MOST_REMEMBERED = 20_000


class Noticed(msgspec.Struct, frozen=True):
    """Something to tell, before it was asked what more there is to know."""

    kind: Kind
    worker_id: str
    at: str
    text: str | None = None
    request_id: str | None = None


class _Data(msgspec.Struct):
    worker_id: str | None = None
    request_id: str | None = None
    to: str | None = None
    runtime_pid: int | None = None


class Noticing:
    """Takes entries in their order, each once."""

    def __init__(self, ending: Sequence[str] = ()) -> None:
        """Begin with the workers that are being stopped, or were."""
        self._failed: dict[str, None] = {}
        self._ending: dict[str, None] = dict.fromkeys(ending)

    def take(self, entry: Entry) -> Noticed | None:
        """Take an entry, and return what it is to tell."""
        if entry.stream.startswith(WORKER):
            return self._of_worker(entry, entry.stream.removeprefix(WORKER))
        if not entry.stream.startswith(CONTROLLER):
            return None
        try:
            data = msgspec.json.decode(entry.data, type=_Data)
        except msgspec.MsgspecError:
            return None
        return None if data.worker_id is None else self._told(entry, data, data.worker_id)

    def _of_worker(self, entry: Entry, worker_id: str) -> Noticed | None:
        """Take what a worker says of its command."""
        if entry.type == "process.started":
            self._failed.pop(worker_id, None)
            return None
        ending = endings.read(entry.type, entry.data, entry.ts)
        if ending is None or not ending.code or worker_id in self._ending:
            return None
        return self._failure(entry, worker_id, ending.text)

    def _told(self, entry: Entry, data: _Data, worker_id: str) -> Noticed | None:
        """Take what was done to a worker."""
        if entry.type == "approval.requested" and data.request_id is not None:
            return Noticed("question", worker_id, entry.ts, request_id=data.request_id)
        if entry.type == "worker.state_changed":
            return self._changed(entry, worker_id, data.to)
        if entry.type == "runtime.exited" and worker_id not in self._ending:
            return self._failure(entry, worker_id, f"process {data.runtime_pid} is gone")
        if entry.type in ("runtime.attached", "worker.removed"):
            self._failed.pop(worker_id, None)
        if entry.type == "worker.removed":
            self._ending.pop(worker_id, None)
        return None

    def _changed(self, entry: Entry, worker_id: str, to: str | None) -> Noticed | None:
        if to in ENDING:
            _remember(self._ending, worker_id)
            return None
        if to == "error":
            is_known = worker_id in self._failed
            return None if is_known else self._failure(entry, worker_id, None)
        self._failed.pop(worker_id, None)
        self._ending.pop(worker_id, None)
        return None

    def _failure(self, entry: Entry, worker_id: str, text: str | None) -> Noticed:
        _remember(self._failed, worker_id)
        return Noticed("failure", worker_id, entry.ts, text)


def _remember(known: dict[str, None], worker_id: str) -> None:
    """Remember a worker, and forget the oldest of too many."""
    known.pop(worker_id, None)
    known[worker_id] = None
    if len(known) > _MOST_REMEMBERED:
        del known[next(iter(known))]
