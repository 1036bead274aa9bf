"""Events between the pipes and the daemon: bounded, so that a command waits for the daemon.

Acts of the worker's wait among them, each alone in its turn.

The reader puts, the sender takes; when the backlog is full the reader stops reading, the pipe
fills, and the command blocks in its write.
"""

import threading
from collections import deque
from collections.abc import Callable

from penholder.cli.run.acts import Act
from penholder_protocol.limits import MAX_APPEND_MANY
from penholder_protocol.nouns import NewEvent

MAX_BACKLOG_BYTES = 4 << 20
MAX_BATCH_BYTES = 512 << 10
"""Half a frame: the answer repeats the events, each with what the daemon adds."""
ENVELOPE_BYTES = 512
"""What an event takes beside its data, in the request or in the answer."""


Item = NewEvent | Act


class Backlog:
    """A queue of events that counts bytes; in the order in which they were put."""

    def __init__(self, most_bytes: int = MAX_BACKLOG_BYTES) -> None:
        """Start empty and open."""
        self._most_bytes = most_bytes
        self._events: deque[Item] = deque()
        self._bytes = 0
        self._closed = False
        self._abandoned = False
        self._changed = threading.Condition()

    def put(
        self, event: Item, *, at_once: bool = False, unless: Callable[[], bool] = lambda: False
    ) -> bool:
        """Add an event, as soon as there is room; dropped when nobody will take it any more.

        With `at_once` it goes over the bound: for the loop's last events, which must never wait.
        `unless` says, when asked anew by `look_again`, that it is not worth waiting for room any
        more: where there is none then, it is dropped, and False returned.
        """
        with self._changed:
            if not at_once:
                self._changed.wait_for(lambda: self._abandoned or not self.is_full or unless())
            if self._abandoned:
                return True
            if not at_once and self.is_full:
                return False
            self._events.append(event)
            self._bytes += size_of(event)
            self._changed.notify_all()
            return True

    def look_again(self) -> None:
        """Have whoever waits for room ask whether it still is worth waiting for."""
        with self._changed:
            self._changed.notify_all()

    def wait_for_room(self) -> None:
        """Wait until whoever puts need not wait, or nobody will take anything any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._abandoned or self._bytes < self._most_bytes)

    def take(self, timeout_s: float) -> list[NewEvent] | Act:
        """Return the oldest events that fit one call, or the act whose turn it is.

        No events at the timeout or at the end.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: bool(self._events) or self._closed or self._abandoned, timeout_s
            )
            if self._events and not isinstance(self._events[0], NewEvent):
                return self._act(self._events[0])
            return self._batch()

    def _act(self, act: Act) -> Act:
        self._events.popleft()
        self._bytes -= act.size_bytes
        self._changed.notify_all()
        return act

    def _batch(self) -> list[NewEvent]:
        batch: list[NewEvent] = []
        left = MAX_BATCH_BYTES
        while self._events and len(batch) < MAX_APPEND_MANY:
            event = self._events[0]
            if not isinstance(event, NewEvent):
                break
            size = size_of(event)
            # Never the first one: an event alone fits a frame, whatever its size.
            if batch and size > left:
                break
            left -= size
            self._bytes -= size
            self._events.popleft()
            batch.append(event)
        self._changed.notify_all()
        return batch

    def close(self) -> None:
        """Say that nothing more will be put."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def abandon(self) -> None:
        """Drop everything, and whatever will still be put."""
        with self._changed:
            self._abandoned = True
            self._events.clear()
            self._bytes = 0
            self._changed.notify_all()

    @property
    def is_full(self) -> bool:
        """Whether whoever puts has to wait."""
        return self._bytes >= self._most_bytes

    @property
    def is_over(self) -> bool:
        """Whether nothing is left and nothing will come."""
        with self._changed:
            return self._abandoned or (self._closed and not self._events)

    @property
    def is_abandoned(self) -> bool:
        """Whether events were or would be dropped."""
        return self._abandoned

    def __len__(self) -> int:
        """Count the events that wait."""
        return len(self._events)


def size_of(event: Item) -> int:
    """Return how much of a frame an event takes, or how much an act holds."""
    if not isinstance(event, NewEvent):
        return event.size_bytes
    return len(bytes(event.data)) + ENVELOPE_BYTES
