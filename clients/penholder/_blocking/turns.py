"""One call at a time over one connection: other threads wait, a signal handler is told.

A signal handler or a finalizer runs amid whatever its thread does. Would it wait for the call that
it interrupted, it would wait for ever, since that goes on only after it.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias

RLock: TypeAlias = "threading.RLock"


class CallInProgress(RuntimeError):
    """This thread is amid a call of this client, which a signal handler has interrupted."""


class Turns:
    """Who may use the connection."""

    def __init__(self) -> None:
        """It is free."""
        # Re-entrant, so that whoever interrupts its own thread gets it and finds it taken.
        self._lock = threading.RLock()
        self._is_taken = False

    def take(self, timeout_s: float | None = None) -> RLock:
        """Take a turn and return what gives it back.

        Raises TimeoutError, or CallInProgress amid a call of this very thread.
        """
        lock = self._lock
        if not lock.acquire(True, -1 if timeout_s is None else max(0.0, timeout_s)):
            raise TimeoutError("another thread's call was in flight all the time")
        if self._is_taken:
            lock.release()
            raise CallInProgress(
                "this thread is amid a call of this client, which a signal handler or a"
                " finalizer has interrupted: use a client of its own there"
            )
        self._is_taken = True
        return lock

    def give_back(self, lock: RLock) -> None:
        """End a turn; a fork meanwhile has brought another lock."""
        self._is_taken = False
        lock.release()

    @contextmanager
    def taken(self, timeout_s: float | None = None) -> Iterator[None]:
        """Have a turn for a block, as `take` does."""
        lock = self.take(timeout_s)
        try:
            yield
        finally:
            self.give_back(lock)

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
