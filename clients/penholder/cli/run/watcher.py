"""The thread that watches the worker from outside: when its controller wants it to end.

What a controller does to a worker is told in the controller's stream; the worker's own socket does
not tell it.

It follows that stream over restarts of the daemon, from a position that was taken before there was
the worker. So nothing that was done to it can come too early to be seen, not even while its seat is
being taken. What retention has pruned before it was read cannot be followed: then the state of the
worker itself is asked for, after the subscription stands, and from there on the stream is followed
again.

That the seat was taken by another process is seen by a higher epoch. A failure ends nothing: a
daemon that is away says nothing about the worker, and this tries again until it is closed.
"""

import threading
from collections.abc import Callable
from typing import Literal

import msgspec

from penholder.blocking import Client, Subscription
from penholder.cli.workers.asked import REQUESTED, Asked
from penholder_protocol.errors import CursorGone, Fenced, PenholderError, WorkerNotFound
from penholder_protocol.limits import KILL_AFTER_MS
from penholder_protocol.nouns import CurrentPosition, Entry, Worker

ENDING_STATES = ("canceling", "stopped")
_TYPES = ("worker.state_changed", "worker.removed", "runtime.attached")
_SENT = "worker.sent"
_PAUSE_S = 0.5
_FORCED_WITHIN_S = KILL_AFTER_MS / 1000 * 0.6
"""The daemon will kill this very process after KILL_AFTER_MS; its command must be gone by then."""


class _Change(msgspec.Struct):
    worker_id: str
    to: str | None = None
    force: bool = False
    spared: int | None = None
    """The process that the daemon leaves alone: then there is no hurry."""
    runtime_epoch: int = 0
    seq: int = 0
    kind: str = ""
    request_id: str = ""


class Watched(msgspec.Struct, frozen=True):
    """Which worker, and since when."""

    controller_id: str
    worker_id: str
    runtime_epoch: int
    after: int


class Watcher(threading.Thread):
    """Follows the controller's stream over restarts of the daemon."""

    def __init__(
        self,
        client: Client,
        watched: Watched,
        stop: Callable[[float | None], None],
        broken: Callable[[Exception], None],
        cancel: Callable[[int], None] | None = None,
        sent: Callable[[int, str], None] | None = None,
        asked: Asked | None = None,
    ) -> None:
        """`stop` is called when the command is to end, within some seconds if any are given.

        `broken` is called when another process took the seat. `cancel` is called, with the
        journal's position, when only what the command is at is to end; without it all of it ends.
        `sent` is called with number and kind of each input that was sent to the worker. `asked`
        hears what the worker asks, in this thread.
        """
        super().__init__(name="penholder-run-watcher", daemon=True)
        self._client = client
        self._watched = watched
        self._after: int | None = watched.after
        self._stop_command = stop
        self._broken = broken
        self._cancel = cancel
        self._sent = sent
        self._asked = asked
        of_sent = () if sent is None else (_SENT,)
        of_asked = () if asked is None else (REQUESTED,)
        self._types = (*_TYPES, *of_sent, *of_asked)
        self._closed = threading.Event()
        self._entries: Subscription | None = None

    def run(self) -> None:
        """Watch."""
        while not self._closed.is_set():
            try:
                self._follow()
            except CursorGone:
                # Its place in the stream is gone: the next try begins at the present, and looks.
                self._after = None
            except (ConnectionError, PenholderError):
                self._closed.wait(_PAUSE_S)

    def close(self) -> None:
        """End the watching, from any thread."""
        self._closed.set()
        if self._entries is not None:
            self._entries.close()
        self._client.close()

    def _follow(self) -> None:
        streams = [f"controller:{self._watched.controller_id}"]
        after: int | Literal["now"] = "now" if self._after is None else self._after
        with self._client.subscribe(streams, after, self._types) as self._entries:
            # After the subscription stands: what happens from now on comes as an entry.
            if self._after is None:
                self._look()
            # Closed before it was there to be closed: `close` found no subscription.
            if self._closed.is_set():
                return
            for entry in self._entries:
                self._take(entry)
                # Only when it was acted on: what is cut off here comes again, and to stop twice is
                # to stop.
                self._after = entry.pos

    def _look(self) -> None:
        """Ask for the state where entries were pruned before they could be read."""
        try:
            asked = {"worker_id": self._watched.worker_id}
            worker = self._client.call("worker.get", asked, Worker)
        except WorkerNotFound:
            self._stop_command(None)
        else:
            if worker.state == "canceling" and self._cancel is not None:
                self._cancel(self._client.call("journal.position", {}, CurrentPosition).pos)
            elif worker.state in ENDING_STATES:
                self._stop_command(None)
            if self._asked is not None:
                self._asked.look()

    def _take(self, entry: Entry) -> None:
        change = msgspec.json.decode(entry.data, type=_Change)
        if change.worker_id != self._watched.worker_id:
            return
        if entry.type == _SENT:
            if self._sent is not None:
                self._sent(change.seq, change.kind)
        elif entry.type == REQUESTED:
            if self._asked is not None:
                self._asked.hear(change.request_id)
        elif entry.type == "runtime.attached":
            if change.runtime_epoch > self._watched.runtime_epoch:
                self._broken(_taken_over(change))
        elif change.to == "canceling" and self._cancel is not None:
            self._cancel(entry.pos)
        elif entry.type == "worker.removed" or change.to in ENDING_STATES:
            forced = change.force and change.to == "stopped" and change.spared is None
            self._stop_command(_FORCED_WITHIN_S if forced else None)


def _taken_over(change: _Change) -> Fenced:
    return Fenced(
        f"another process took the seat of {change.worker_id}",
        worker_id=change.worker_id,
        current_epoch=change.runtime_epoch,
    )
