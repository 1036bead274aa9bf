"""One call at a time over one connection: other threads wait, a signal handler is told.

A signal handler or a finalizer runs amid whatever its thread does. Would it wait for the call that
it interrupted, it would wait for ever, since that goes on only after it.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class CallInProgress(RuntimeError):
    """This thread is amid a call of this client, which a signal handler has interrupted."""


class Turns:
    """Who may use the connection."""

    def __init__(self) -> None:
        """It is free."""
        # Re-entrant, so that whoever interrupts its own thread gets it and finds it taken.
        self._lock = threading.RLock()
        self._is_taken = False

    @contextmanager
    def taken(self, timeout_s: float | None = None) -> Iterator[None]:
        """Take a turn; raises TimeoutError, or CallInProgress amid one of this very thread."""
        lock = self._lock  # a fork within the block brings another one
        if not lock.acquire(timeout=-1 if timeout_s is None else max(0.0, timeout_s)):
            raise TimeoutError("another thread's call was in flight all the time")
        try:
            if self._is_taken:
                raise CallInProgress(
                    "this thread is amid a call of this client, which a signal handler or a"
                    " finalizer has interrupted: use a client of its own there"
                )
            self._is_taken = True
            try:
                yield
            finally:
                self._is_taken = False
        finally:
            lock.release()

    @contextmanager
    def taken_if_free(self) -> Iterator[bool]:
        """Take a turn unless somebody has it; yields whether it was free."""
        lock = self._lock
        # Never waits: it is for `close`, which may come amid the very call that has the turn.
        has_lock = lock.acquire(blocking=False)
        try:
            yield has_lock and not self._is_taken
        finally:
            if has_lock:
                lock.release()

    def renew(self) -> None:
        """Be free in a child process: no thread of the parent's lives there to give it back."""
        self._lock = threading.RLock()
        self._is_taken = False
