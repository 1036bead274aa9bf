"""Tests that asyncio runs: each a plain test around `asyncio.run`, as a program would call it."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import ParamSpec

from tests.helpers.aside import LONG_S
from tests.helpers.fake_daemon import FakeDaemon, Json, Peer

P = ParamSpec("P")
waiting = asyncio.to_thread
"""Runs what the daemon waits for in a thread, so that a client goes on."""


def in_asyncio(test: Callable[P, Coroutine[object, object, None]]) -> Callable[P, None]:
    """Make a plain test of one that asyncio is to run."""

    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        async def limited() -> None:
            async with asyncio.timeout(LONG_S):
                await test(*args, **kwargs)

        asyncio.run(limited())

    return run


async def accepted(fake: FakeDaemon) -> tuple[Peer, Json]:
    """Wait for a connection and its first request."""
    peer = await waiting(fake.accept)
    return peer, await waiting(peer.read)


async def all_waiting() -> None:
    """Let every other task go on until it waits."""
    for _ in range(20):
        await asyncio.sleep(0)
