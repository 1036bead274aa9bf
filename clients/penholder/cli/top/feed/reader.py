"""The thread that reads what is shown of the chosen worker alone: its stream's end, queue, runs."""

import threading
from contextlib import suppress

from penholder.blocking import Client
from penholder.cli import pages
from penholder.cli.top.feed.follower import FAILURES, RETRY_S
from penholder.cli.top.feed.outbox import Outbox
from penholder.cli.top.model.notices import DetailsRead, TailRead
from penholder.cli.top.model.records import Event, Input, Key, Run, Task
from penholder_protocol.errors import CursorGone, PenholderError, WorkerNotFound

TAIL_EVENTS = 500
"""Of a stream, read when its worker is chosen."""
AGAIN_S = 2.0
"""How often queue and runs are read while they are shown."""
_MOST = 1_000
"""Tasks and runs that are looked through."""
_SHOWN = 50


class Reader:
    """Reads for the worker that is wanted last; what was wanted before is left out."""

    def __init__(self, client: Client, outbox: Outbox, retry_s: float = RETRY_S) -> None:
        """Take the client, which is this thread's alone."""
        self._retry_s = retry_s
        self._client = client
        self._outbox = outbox
        self._changed = threading.Condition()
        self._tail: Key | None = None
        self._details: Key | None = None

    def want(self, tail: Key | None, details: Key | None) -> None:
        """Have a worker's stream read once, and what concerns it again and again."""
        with self._changed:
            self._tail = tail or self._tail
            self._details = details
            self._changed.notify()

    def wake(self) -> None:
        """Let it see that it is closed."""
        with self._changed:
            self._changed.notify()

    def run(self) -> None:
        """Read what is wanted, until it is closed."""
        while not self._outbox.closed.is_set():
            tail, details = self._next()
            try:
                if tail is not None:
                    self._outbox.put(TailRead(tail, self._events(tail.id)))
                if details is not None:
                    self._outbox.put(self._read_details(details))
            except FAILURES:
                # The follower tells of it; what was wanted still is, when the daemon is back.
                self._outbox.closed.wait(self._retry_s)
                self._want_still(tail)

    def _next(self) -> tuple[Key | None, Key | None]:
        with self._changed:
            if self._tail is None:
                self._changed.wait(AGAIN_S)
            tail, self._tail = self._tail, None
            return tail, self._details

    def _want_still(self, tail: Key | None) -> None:
        with self._changed:
            self._tail = self._tail or tail

    def _events(self, worker_id: str) -> list[Event]:
        try:
            latest = self._client.call("event.latest", {"worker_id": worker_id})
        except WorkerNotFound:
            return []
        seq = latest.get("event_seq") if isinstance(latest, dict) else None
        return self._end(worker_id, seq) if isinstance(seq, int) else []

    def _end(self, worker_id: str, last_seq: int) -> list[Event]:
        """Read the last events; fewer where retention has taken some of them."""
        count = TAIL_EVENTS
        while count:
            asked = {"worker_id": worker_id, "after_seq": max(0, last_seq - count)}
            with suppress(CursorGone):
                return list(
                    pages.items(self._client.call, "event.list", asked, Event, TAIL_EVENTS * 2)
                )
            count //= 2
        return []

    def _read_details(self, worker: Key) -> DetailsRead:
        return DetailsRead(
            worker, self._inputs(worker.id), self._tasks(worker.id), self._runs(worker.id)
        )

    def _inputs(self, worker_id: str) -> list[Input]:
        # A daemon of an older release has no such method, nor has a worker that was removed.
        with suppress(PenholderError):
            asked = {"worker_id": worker_id}
            found = pages.items(self._client.call, "input.list", asked, Input, _MOST * 2)
            return [each for each in found if not each.acked][:_SHOWN]
        return []

    def _tasks(self, worker_id: str) -> list[Task]:
        """Read what it has claimed, and what waits in the queues that it claims from."""
        running = pages.items(self._client.call, "queue.list", {"state": "running"}, Task, _MOST)
        own = [each for each in running if each.claimed_by == worker_id]
        waiting: list[Task] = []
        for queue in dict.fromkeys(each.queue for each in own):
            asked = {"queue": queue, "state": "pending"}
            waiting += pages.items(self._client.call, "queue.list", asked, Task, _SHOWN)
        return [*own, *waiting]

    def _runs(self, worker_id: str) -> list[Run]:
        found = pages.items(self._client.call, "run.list", {}, Run, _MOST)
        return [each for each in found if each.claimed_by == worker_id][:_SHOWN]
