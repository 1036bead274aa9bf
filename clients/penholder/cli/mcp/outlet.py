"""What goes out: whole lines, in order, by a thread of its own.

Whoever does not read must hold up nobody: neither the loop, which would not see that its parent has
died, nor a tool that is amid a call. So what is said waits here. How much that may be is bounded by
who asks `is_full` before it takes more in.
"""

import os
import threading
import time
from collections import deque
from collections.abc import Callable

_FULL_BYTES = 8 << 20
_BLANKS = bytes.maketrans(b"\r\n", b"  ")


class Outlet:
    """The one way to the client's end."""

    def __init__(self, descriptor: int, changed: Callable[[], None]) -> None:
        """Take the descriptor, and whom to tell when there is room again, or nobody reads."""
        self._descriptor = descriptor
        self._changed = changed
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._condition = threading.Condition()
        self.is_broken = False
        """Whether nobody reads any more."""
        threading.Thread(target=self._write_all, name="outlet", daemon=True).start()

    @property
    def is_full(self) -> bool:
        """Whether so much waits that no more should be asked for."""
        return self._bytes > _FULL_BYTES

    def put(self, message: bytes) -> None:
        """Say one message; returns at once."""
        # In JSON they are blanks between its parts: what came from elsewhere may have some.
        line = message.translate(_BLANKS) + b"\n"
        with self._condition:
            if not self.is_broken:
                self._waiting.append(line)
                self._bytes += len(line)
                self._condition.notify_all()

    def drain(self, within_s: float) -> None:
        """Wait until all is written, for so long at most."""
        deadline = time.monotonic() + within_s
        with self._condition:
            while self._waiting and not self.is_broken:
                left_s = deadline - time.monotonic()
                if left_s <= 0 or not self._condition.wait(left_s):
                    return

    def _write_all(self) -> None:
        while True:
            with self._condition:
                while not self._waiting:
                    self._condition.wait()
                line = self._waiting[0]
            is_written = self._write(line)
            with self._condition:
                was_full = self.is_full
                self._waiting.popleft()
                self._bytes -= len(line)
                self.is_broken = not is_written
                self._condition.notify_all()
            if self.is_broken or (was_full and not self.is_full):
                self._changed()
            if self.is_broken:
                return

    def _write(self, line: bytes) -> bool:
        left = memoryview(line)
        try:
            while left:
                left = left[os.write(self._descriptor, left) :]
        except OSError:
            return False
        return True
