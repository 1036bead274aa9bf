"""Our own client for trio, one call after another."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from bench.clients.turns import TrioTurn
from penholder.client import open_client


def make_turn(path: str) -> TrioTurn:
    """Take the seat of a worker and append to its stream, each under an idempotency key."""
    return TrioTurn(_opened(path))


@asynccontextmanager
async def _opened(path: str) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    async with open_client(path) as client:
        await client.runtime.attach()

        async def step() -> None:
            await client.event.append(type="output", data={"text": "x"})

        yield step
