"""The thread that writes to the agent's stdin, so that nobody waits for an agent that reads not."""

import os
import threading
from collections import deque
from collections.abc import Callable

import msgspec

MAX_UNREAD_BYTES = 16 << 20
"""What an agent may leave unread; past it, it is taken for one that does not read at all."""


class Speaker(threading.Thread):
    """Writes messages, a line each, in the order in which they are said."""

    def __init__(self, stdin_fd: int, closed: Callable[[], None]) -> None:
        """Take a copy of the descriptor; `closed` is called where nobody reads it any more."""
        super().__init__(name="penholder-agent-speaker", daemon=True)
        self._closed = closed
        self._fd = os.dup(stdin_fd)
        os.set_inheritable(self._fd, False)
        self._lines: deque[bytes] = deque()
        self._bytes = 0
        self._is_over = False
        self._changed = threading.Condition()

    def say(self, **message: object) -> None:
        """Say something, as soon as the agent reads."""
        line = msgspec.json.encode({"jsonrpc": "2.0", **message}) + b"\n"
        with self._changed:
            if self._bytes + len(line) <= MAX_UNREAD_BYTES:
                self._lines.append(line)
                self._bytes += len(line)
            self._changed.notify_all()

    def close(self) -> None:
        """Say nothing more, and close the agent's stdin."""
        with self._changed:
            self._is_over = True
            self._changed.notify_all()

    def run(self) -> None:
        """Write, until it is over or nobody reads any more."""
        try:
            while (line := self._next()) is not None:
                self._write(line)
        except OSError:
            self._closed()
        finally:
            os.close(self._fd)

    def _next(self) -> bytes | None:
        with self._changed:
            self._changed.wait_for(lambda: self._is_over or bool(self._lines))
            if self._is_over:
                return None
            line = self._lines.popleft()
            self._bytes -= len(line)
            return line

    def _write(self, line: bytes) -> None:
        left = memoryview(line)
        while left:
            left = left[os.write(self._fd, left) :]
