"""A real thread that waits for its turn wherever it meets the loop: at queues and at its token."""

import queue
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")
_PATIENCE_SECONDS = 30
REAL_THREAD = threading.Thread


class Turns:
    """Lets the writer's thread go on from one point to the next while the loop waits."""

    def __init__(self) -> None:
        """Begin before there is a thread."""
        self._go, self._stands = threading.Semaphore(0), threading.Semaphore(0)
        self._may_go: Callable[[], bool] = lambda: True
        self.thread: threading.Thread | None = None
        self.is_over = False
        self.is_awaited_no_more = threading.Event()

    def point(self, may_go: Callable[[], bool] = lambda: True) -> None:
        """Stand, if this is the writer's thread, until it is let go."""
        if threading.current_thread() is self.thread:
            self._may_go = may_go
            self._stands.release()
            self._go.acquire()

    @property
    def can_go(self) -> bool:
        """Whether the thread would not wait for something that the loop has yet to do."""
        return self.thread is not None and not self.is_over and self._may_go()

    def go(self) -> None:
        """Let it go to its next point."""
        self._go.release()
        self.until_it_stands()

    def until_it_stands(self) -> None:
        """Wait for it."""
        assert self._stands.acquire(timeout=_PATIENCE_SECONDS), "the writer's thread hangs"

    def end(self) -> None:
        """Say that the thread has come to its end."""
        self.is_over = True
        self.is_awaited_no_more.set()
        self._stands.release()

    @property
    def is_on_thread(self) -> bool:
        """Whether it is the writer's thread that asks."""
        return threading.current_thread() is self.thread


class TurnsThread(REAL_THREAD):
    """The writer's thread, which stands before its first step."""

    turns: Turns

    def start(self) -> None:
        self.turns.thread = self
        super().start()
        self.turns.until_it_stands()

    def run(self) -> None:
        self.turns.point()
        try:
            super().run()
        finally:
            self.turns.end()

    def join(self, timeout: float | None = None) -> None:
        # One that never ends fails its test; it does not hang it.
        self.turns.is_awaited_no_more.wait(timeout)


class TurnsQueue(Generic[T]):
    """A queue at which the thread stands."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._items: deque[T] = deque()

    def put(self, item: T) -> None:
        self._items.append(item)

    def empty(self) -> bool:
        self._turns.point()
        return not self._items

    def get(self, timeout: float | None = None) -> T:
        # Let go with nothing in it, the time is over.
        self._turns.point(lambda: bool(self._items) or timeout is not None)
        if not self._items:
            raise queue.Empty
        return self._items.popleft()


class TurnsToken:
    """The loop's token; whoever puts something may find it done before it goes on."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self.due: deque[Callable[[], object]] = deque()

    def run_sync_soon(
        self, act: Callable[..., object], *args: Any, idempotent: bool = False
    ) -> None:
        del idempotent
        self._turns.point()
        self.due.append(lambda: act(*args))
        self._turns.point()
