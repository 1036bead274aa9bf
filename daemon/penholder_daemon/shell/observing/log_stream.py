"""The log's way to standard error, which may be full, gone, or read by nobody.

Whoever logs never waits and never fails: lines are queued, and a thread of their own writes them. A
line that is written where it is made stalls the daemon at a pipe that nobody reads, and ends it at
a stream that is gone.

To make the descriptor non-blocking would be no way out: the setting belongs to all who share it,
such as the terminal's other programs. The thread is made for blocking, and stands where somebody
else has set it.

Lines that cannot be written, or for which there is no room while nobody reads, are counted, and the
count is told as soon as something can be written again. It serves whatever becomes of its streams.

At the end of the program the last lines get a moment to be written (`drain`); the thread is left
behind then, perhaps in a write that never returns.
"""

import os
import select
import threading
from collections import deque
from functools import cache
from time import monotonic

_MOST_BYTES = 1 << 20
"""What waits to be written, at most."""
_STDERR = 2
_POLL_MS = 1000


class LogStream:
    """Takes lines for a descriptor; used as a file by structlog."""

    def __init__(self, descriptor: int) -> None:
        """Start the thread that writes."""
        self._descriptor = descriptor
        self._lines: deque[bytes] = deque()
        self._bytes = 0
        self._lost = 0
        self._changed = threading.Condition()
        # daemon: it may hang in a write for ever, and must not keep the program from ending.
        threading.Thread(target=self._work, name="penholder-log", daemon=True).start()

    def write(self, text: str) -> None:
        """Queue a line, or count it as lost; never waits for who reads."""
        line = text.encode("utf-8", "backslashreplace")
        with self._changed:
            if self._bytes + len(line) > _MOST_BYTES:
                self._lost += 1
                return
            self._lines.append(line)
            self._bytes += len(line)
            self._changed.notify_all()

    def flush(self) -> None:
        """Do nothing: a file must have this, and the thread writes as soon as it can."""

    def drain(self, seconds: float) -> None:
        """Wait until all is written, for so long at most: nobody may read it."""
        until = monotonic() + seconds
        with self._changed:
            self._changed.wait_for(lambda: not self._bytes, max(0.0, until - monotonic()))

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._lines))
                line, lost = self._lines.popleft(), self._lost
            # Without the lock: whoever logs must not wait for who reads.
            wrote = self._write(_line_of_lost(lost) + line)
            with self._changed:
                # What was lost while this was written is still to be told.
                self._lost = self._lost - lost if wrote else self._lost + 1
                # Only now: `drain` waits until all is written, not until all is taken.
                self._bytes -= len(line)
                self._changed.notify_all()

    def _write(self, data: bytes) -> bool:
        """Write all of it, however long that takes; False where it cannot be written."""
        while data:
            try:
                data = data[os.write(self._descriptor, data) :]
            except BlockingIOError:
                # Somebody made it non-blocking, for all who share it.
                poll = select.poll()
                poll.register(self._descriptor, select.POLLOUT)
                poll.poll(_POLL_MS)
            except OSError:
                return False
        return True


def _line_of_lost(lost: int) -> bytes:
    return f"{lost} lines of this log could not be written\n".encode() if lost else b""


@cache
def stderr() -> LogStream:
    """Return the one stream of this process's log."""
    return LogStream(_STDERR)
