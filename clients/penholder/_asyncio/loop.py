"""Asyncio, as a client sees it.

Connections need no tasks: asyncio's transports call back. So there is nothing to wait for when a
client is left, and no task of ours that a program finds among its own.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from penholder._asyncio.connection import Connection
from penholder._awaited.connecting import connect_at_once
from penholder._awaited.loop import Background, Event, Loop
from penholder._shared.request_ids import RequestIds


class AsyncioLoop(Loop):
    """The loop in which a client was entered."""

    def __init__(self) -> None:
        """Belong to the loop that runs."""
        self._loop = asyncio.get_running_loop()
        self._tasks: set[_Task] = set()

    async def enter(self) -> None:
        """Do nothing: the loop is there."""

    async def leave(self) -> None:
        """End what runs in the background; connections end with the next turn of the loop."""
        for task in list(self._tasks):
            await task.stop()

    def now(self) -> float:
        """Return the time of the loop's clock."""
        return self._loop.time()

    def event(self) -> Event:
        """Make an event."""
        return asyncio.Event()

    def lock(self) -> asyncio.Lock:
        """Make a lock."""
        return asyncio.Lock()

    async def check_cancelled(self) -> None:
        """Do nothing: a task that is cancelled is told so where it waits next, and once."""

    async def pause(self, seconds: float, until: Event) -> None:
        """Wait for so long, or until something happens."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await until.wait()

    async def finish(self, seconds: float, function: Callable[[], Awaitable[object]]) -> None:
        """Call a function; the cancellation that has led here was thrown, and is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await function()

    def spawn(self, function: Callable[[], Awaitable[None]]) -> Background:
        """Run a function in a task of its own."""
        task = _Task(function, self._tasks.discard)
        self._tasks.add(task)
        return task

    async def connect(self, path: str, request_ids: RequestIds, wants_entries: bool) -> Connection:
        """Connect, and let the loop's transport call the connection."""
        connected = connect_at_once(path)
        try:
            _, made = await self._loop.create_unix_connection(
                lambda: Connection(self._loop, connected, request_ids, wants_entries),
                sock=connected,
            )
        except BaseException:
            connected.close()
            raise
        return made


class _Task:
    def __init__(
        self, function: Callable[[], Awaitable[None]], forget: Callable[["_Task"], None]
    ) -> None:
        async def run() -> None:
            await function()

        self._task = asyncio.create_task(run())
        self._task.add_done_callback(lambda _: forget(self))

    async def stop(self) -> None:
        self._task.cancel()
        # Not `await` of the task itself: its cancellation would look like one of this task.
        await asyncio.wait([self._task])
