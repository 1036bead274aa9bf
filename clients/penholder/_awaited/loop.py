"""What runs the program, trio or asyncio, as far as a client has to know which.

Cancellation is where they differ most. In trio it is a state: whoever waits in a cancelled scope is
cancelled again, unless it is shielded. In asyncio it is a moment: it is thrown once, and what is
awaited after it goes on. So all that must come to its end although the program was cancelled is
handed over whole (`finish`), and each side does it in its own way.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from msgspec import Raw

from penholder._shared.call import Call
from penholder._shared.request_ids import RequestIds
from penholder_protocol.jsonrpc import Incoming


class Event(Protocol):
    """Something that happens once."""

    def set(self) -> None:
        """Let it happen."""

    def is_set(self) -> bool:
        """Tell whether it has happened."""

    async def wait(self) -> object:
        """Wait until it has happened."""


class Connection(Protocol):
    """One connected socket, over which any number of calls may be open."""

    @property
    def is_open(self) -> bool:
        """Whether a request may still be answered."""

    async def exchange(self, call: Call) -> Raw:
        """Send a call once and wait for its result; raises its error, or ConnectionLost."""

    async def notice(self) -> Incoming:
        """Wait for the next journal notification; raises ConnectionLost."""

    def close(self, why: str) -> None:
        """Close at once, which open requests get to hear."""


class Background(Protocol):
    """Something that runs beside the program."""

    async def stop(self) -> None:
        """Cancel it, and wait for its end, also where the program is cancelled itself."""


class Loop(ABC):
    """What runs a client, from when the client is entered until it is left."""

    @abstractmethod
    async def enter(self) -> None:
        """Make room for what runs in the background."""

    @abstractmethod
    async def leave(self) -> None:
        """Wait for the ends of connections, all of which are closed."""

    @abstractmethod
    def now(self) -> float:
        """Return the seconds of a clock that only goes forward."""

    @abstractmethod
    def event(self) -> Event:
        """Make an event."""

    @abstractmethod
    def lock(self) -> AbstractAsyncContextManager[object]:
        """Make a lock."""

    @abstractmethod
    async def check_cancelled(self) -> None:
        """Raise where this task is cancelled and has not been told so yet."""

    @abstractmethod
    async def pause(self, seconds: float, until: Event) -> None:
        """Wait for so long, or until something happens."""

    @abstractmethod
    async def finish(self, seconds: float, function: Callable[[], Awaitable[object]]) -> None:
        """Call a function and wait for it for so long at most, cancelled or not."""

    @abstractmethod
    def spawn(self, function: Callable[[], Awaitable[None]]) -> Background:
        """Run a function in the background; it raises nothing."""

    @abstractmethod
    async def connect(self, path: str, request_ids: RequestIds, wants_entries: bool) -> Connection:
        """Connect to a socket, at once or not at all; raises OSError.

        Journal notifications are dropped unless they are wanted. Who wants them must take them, for
        until then nothing more is read.
        """
