"""The way from the threads that read to the one that shows.

Entries and lists come in order and may have to wait: where nobody takes them for long, who puts
them waits too. What was asked for just now, and what a host's connection does, does not wait behind
them.
"""

import queue
import threading
from collections.abc import Iterator

from penholder.cli.top.model.notices import Came, Listed, Notice

_MAX_WAITING = 8
"""Answers of the daemon, each at most a frame."""
_LOOK_S = 0.25


class Outbox:
    """Two queues, and the end of both."""

    def __init__(self) -> None:
        """Hold nothing."""
        self._journal: queue.Queue[Came | Listed] = queue.Queue(_MAX_WAITING)
        self._answers: queue.SimpleQueue[Notice] = queue.SimpleQueue()
        self.closed = threading.Event()

    def put(self, notice: Notice) -> None:
        """Put a notice; waits where there is no room, until it is closed."""
        if not isinstance(notice, Came | Listed):
            self._answers.put(notice)
            return
        while not self.closed.is_set():
            try:
                self._journal.put(notice, timeout=_LOOK_S)
            except queue.Full:
                continue  # looked whether it was closed
            return

    def take(self, *, with_journal: bool) -> Iterator[Notice]:
        """Yield what has come, without waiting; entries and lists only where they are wanted."""
        waiting: list[queue.Queue[Came | Listed]] = [self._journal] if with_journal else []
        for each in waiting:
            for _ in range(_MAX_WAITING):
                try:
                    yield each.get_nowait()
                except queue.Empty:
                    break
        while True:
            try:
                yield self._answers.get_nowait()
            except queue.Empty:
                return

    def close(self) -> None:
        """Let nobody wait any more."""
        self.closed.set()
