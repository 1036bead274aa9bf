"""Calls in another thread or task, so that the test can play the daemon meanwhile."""

from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

import trio

from tests.helpers.fake_daemon import FakeDaemon, Json, Peer

T = TypeVar("T")
LONG_S = 30

waiting = trio.to_thread.run_sync
"""Runs what the daemon waits for in a thread, so that a trio client goes on."""


class Aside:
    """Runs one client's calls in other threads."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        """Use these threads."""
        self._pool = pool

    def __call__(self, function: Callable[[], T]) -> "Future[T]":
        """Begin a call."""
        return self._pool.submit(function)


def result_of(future: "Future[T]") -> T:
    """Wait for the end of a call: return its result or raise its error."""
    return future.result(timeout=LONG_S)


class Outcome(Generic[T]):
    """How a call in another task ended."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._ended = trio.Event()
        self._values: list[T] = []
        self._error: Exception | None = None

    async def run(self, function: Callable[[], Awaitable[T]]) -> None:
        """Call, and keep the outcome."""
        try:
            self._values.append(await function())
        except Exception as error:  # noqa: BLE001 - it is raised again by `result`
            self._error = error
        self._ended.set()

    async def result(self) -> T:
        """Wait for the outcome: return it or raise it."""
        with trio.fail_after(LONG_S):
            await self._ended.wait()
        if self._error is not None:
            raise self._error
        return self._values[0]


def in_task(nursery: trio.Nursery, function: Callable[[], Awaitable[T]]) -> Outcome[T]:
    """Begin a call in a task of its own."""
    outcome: Outcome[T] = Outcome()
    nursery.start_soon(outcome.run, function)
    return outcome


async def accepted(fake: FakeDaemon) -> tuple[Peer, Json]:
    """Wait for a connection and its first request."""
    peer = await waiting(fake.accept)
    return peer, await waiting(peer.read)
