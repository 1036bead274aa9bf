"""The thread for what must not wait for anybody: viewers of a terminal, and what they type.

It never blocks: a peer that is slow, silent or hostile costs a bounded buffer and nobody else's
time. What other threads want done in it is handed over with `call`. It uses epoll and no selectors,
because a peer that is not read from for a while must still be noticed when it goes.
"""

import heapq
import itertools
import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import NamedTuple, TypeVar

Result = TypeVar("Result")
_ANSWER_WITHIN_S = 10.0
_LAST_WAIT_S = 2.0
_WAKES_AT_ONCE = 4096


class _Later(NamedTuple):
    at: float
    number: int
    act: Callable[[], None]


class Loop(threading.Thread):
    """Waits for descriptors, calls and moments."""

    def __init__(self) -> None:
        """Wait for nothing yet."""
        super().__init__(name="penholder-run-loop", daemon=True)
        self._epoll = select.epoll()
        self._ready: dict[int, Callable[[int], None]] = {}
        self._calls: deque[Callable[[], None]] = deque()
        self._later: list[_Later] = []
        self._numbers = itertools.count()
        self._is_over = False
        self._woken, self._wakes = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.watch(self._woken, select.EPOLLIN, self._drain_wakes)

    def call(self, act: Callable[[], None]) -> None:
        """Have something done in this thread; from any thread, and from signal handlers."""
        self._calls.append(act)
        with suppress(BlockingIOError):  # a full pipe wakes, too
            os.write(self._wakes, b"\0")

    def ask(self, act: Callable[[], Result]) -> Result:
        """Have something done in this thread and return what comes of it; from another thread.

        Raises TimeoutError where the thread has ended.
        """
        results: SimpleQueue[Result] = SimpleQueue()
        self.call(lambda: results.put(act()))
        try:
            return results.get(timeout=_ANSWER_WITHIN_S)
        except Empty:
            raise TimeoutError("the thread has ended") from None

    def after(self, delay_s: float, act: Callable[[], None]) -> None:
        """Have something done later; in this thread only."""
        heapq.heappush(self._later, _Later(time.monotonic() + delay_s, next(self._numbers), act))

    def watch(self, descriptor: int, events: int, ready: Callable[[int], None]) -> None:
        """Call `ready` with epoll's events of a descriptor; in this thread only."""
        if descriptor in self._ready:
            self._epoll.modify(descriptor, events)
        else:
            self._epoll.register(descriptor, events)
        self._ready[descriptor] = ready

    def unwatch(self, descriptor: int) -> None:
        """Forget a descriptor; in this thread only."""
        if self._ready.pop(descriptor, None) is not None:
            self._epoll.unregister(descriptor)

    def close(self) -> None:
        """End; waits for the thread, if it was started."""
        self._is_over = True
        self.call(lambda: None)
        if self.is_alive():
            self.join(_LAST_WAIT_S)
        self._epoll.close()

    def run(self) -> None:
        """Serve."""
        while not self._is_over:
            for descriptor, events in self._epoll.poll(self._patience_s()):
                # What came before it in this round may have ended it.
                if descriptor in self._ready:
                    self._ready[descriptor](events)
            self._do_calls()
            self._do_what_is_due()

    def _patience_s(self) -> float | None:
        return max(0.0, self._later[0].at - time.monotonic()) if self._later else None

    def _do_calls(self) -> None:
        # So many as there are now: who goes on calling must not keep the others out.
        for _ in range(len(self._calls)):
            self._calls.popleft()()

    def _do_what_is_due(self) -> None:
        now = time.monotonic()
        while self._later and self._later[0].at <= now:
            heapq.heappop(self._later).act()

    def _drain_wakes(self, _events: int) -> None:
        with suppress(BlockingIOError):
            os.read(self._woken, _WAKES_AT_ONCE)
