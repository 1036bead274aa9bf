"""What is typed, on its way to a command: written as its terminal takes it, never waited for."""

import os
import select
from collections import deque
from collections.abc import Callable

from penholder.cli.run.loop import Loop

MAX_WAITING_BYTES = 64 << 10


class Input:
    """A bounded queue before our end of a terminal; lives in the loop's thread."""

    def __init__(self, loop: Loop, descriptor: int) -> None:
        """Take our end, which does not block."""
        self._loop = loop
        self._descriptor = descriptor
        self._queue: deque[tuple[float, bytes]] = deque()
        self._bytes = 0
        self._waiting: list[Callable[[], None]] = []
        self._is_resting = False
        self._is_over = False

    @property
    def is_full(self) -> bool:
        """Whether whoever types has to wait until the command reads."""
        return self._bytes >= MAX_WAITING_BYTES

    def put(self, typed: bytes, rest_s: float = 0.0) -> None:
        """Add what was typed, to be written no sooner than `rest_s` after what is before it.

        Who sees `is_full` waits before the next.
        """
        if typed and not self._is_over:
            self._queue.append((rest_s, typed))
            self._bytes += len(typed)
            self._write()

    def when_room(self, act: Callable[[], None]) -> None:
        """Call somebody, once, when it is not full."""
        self._waiting.append(act)

    def close(self) -> None:
        """Drop what waits: nobody reads it any more."""
        self._is_over = True
        self._queue.clear()
        self._bytes = 0
        self._loop.unwatch(self._descriptor)
        self._let_in()

    def _write(self) -> None:
        while self._queue and not self._is_resting:
            rest_s, typed = self._queue.popleft()
            if rest_s:
                self._queue.appendleft((0.0, typed))
                self._is_resting = True
                self._loop.after(rest_s, self._rested)
                break
            if not self._write_some(typed):
                return
        if self._is_resting or not self._queue:
            self._loop.unwatch(self._descriptor)
        self._let_in()

    def _write_some(self, typed: bytes) -> bool:
        try:
            written = os.write(self._descriptor, typed)
        except BlockingIOError:
            written = 0
        except OSError:  # hung up
            self.close()
            return False
        self._bytes -= written
        if written == len(typed):
            return True
        self._queue.appendleft((0.0, typed[written:]))
        self._loop.watch(self._descriptor, select.EPOLLOUT, self._ready)
        return False

    def _ready(self, events: int) -> None:
        if events & (select.EPOLLHUP | select.EPOLLERR):
            self.close()
        else:
            self._write()

    def _rested(self) -> None:
        self._is_resting = False
        if not self._is_over:
            self._write()

    def _let_in(self) -> None:
        while self._waiting and not self.is_full:
            self._waiting.pop(0)()
