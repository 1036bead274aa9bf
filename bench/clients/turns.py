"""What a client does again and again, and how it is handed to the client's process."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, TypeAlias

Turn: TypeAlias = Callable[[], None]
"""Ask, and come back when all is answered."""


class TrioTurn(NamedTuple):
    """The same by a client that lives in trio: what opens it, and gives what asks."""

    opened: AbstractAsyncContextManager[Callable[[], Awaitable[None]]]


MakeTurn: TypeAlias = Callable[[], Turn | TrioTurn]
"""Connect and get ready, in the client's own process: a function of a module, or a partial one."""
