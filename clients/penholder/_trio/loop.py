"""Trio, as a client sees it: connections run in a nursery of the client's own."""

from collections.abc import Awaitable, Callable

import trio

from penholder._awaited.loop import Background, Connection, Event, Loop
from penholder._shared.request_ids import RequestIds
from penholder._trio import connection
from penholder._trio.transport import open_transport


class TrioLoop(Loop):
    """The run of trio in which a client was entered."""

    def __init__(self) -> None:
        """Belong to this run."""
        self._manager = trio.open_nursery()
        self._tasks: set[_Task] = set()

    async def enter(self) -> None:
        """Open the nursery."""
        self._nursery = await self._manager.__aenter__()

    async def leave(self) -> None:
        """Close the nursery, in which all tasks are ending."""
        for task in self._tasks:
            task.cancel()
        # A few turns at most: all lines are closed, so the tasks have nothing to wait for.
        with trio.CancelScope(shield=True):
            while self._nursery.child_tasks:
                await trio.lowlevel.checkpoint()
        # The nursery is empty and hears nothing of an error, so it wraps it in no group.
        await self._manager.__aexit__(None, None, None)

    def now(self) -> float:
        """Return the time of trio's clock."""
        return trio.current_time()

    def event(self) -> Event:
        """Make an event."""
        return trio.Event()

    def lock(self) -> trio.Lock:
        """Make a lock."""
        return trio.Lock()

    async def check_cancelled(self) -> None:
        """Raise Cancelled in a scope that is cancelled, so that nothing is sent there."""
        await trio.lowlevel.checkpoint_if_cancelled()

    async def pause(self, seconds: float, until: Event) -> None:
        """Wait for so long, or until something happens."""
        with trio.move_on_after(seconds):
            await until.wait()

    async def finish(self, seconds: float, function: Callable[[], Awaitable[object]]) -> None:
        """Call a function in a scope of its own, which no cancellation reaches."""
        with trio.move_on_after(seconds, shield=True):
            await function()

    def spawn(self, function: Callable[[], Awaitable[None]]) -> Background:
        """Run a function in the nursery."""
        task = _Task(function, self._tasks.discard)
        self._tasks.add(task)
        self._nursery.start_soon(task.run)
        return task

    async def connect(self, path: str, request_ids: RequestIds, wants_entries: bool) -> Connection:
        """Connect, and run the connection in the nursery."""
        transport = await open_transport(path)
        made = connection.Connection(transport, request_ids, wants_entries=wants_entries)
        self._nursery.start_soon(made.run)
        return made


class _Task:
    def __init__(
        self, function: Callable[[], Awaitable[None]], forget: Callable[["_Task"], None]
    ) -> None:
        self._function = function
        self._forget = forget
        # As with connections: what cancels the program must not end the nursery from within.
        self._scope = trio.CancelScope(shield=True)
        self._ended = trio.Event()

    async def run(self) -> None:
        try:
            with self._scope:
                await self._function()
        finally:
            self._ended.set()
            self._forget(self)

    def cancel(self) -> None:
        self._scope.cancel()

    async def stop(self) -> None:
        self.cancel()
        with trio.CancelScope(shield=True):
            await self._ended.wait()
