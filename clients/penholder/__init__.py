"""Clients of the Penholder daemon: this package for trio, `penholder.blocking` without trio.

`async with penholder.open_client() as client: await client.controller.list()`. Nothing is imported
before it is used, so that a program that only needs the blocking client never pays for trio.
"""

from typing import TYPE_CHECKING

from penholder._shared.failures import ConnectionLost, DaemonUnreachable

if TYPE_CHECKING:
    from penholder.client import AsyncClient, AsyncSubscription, open_client

__all__ = [
    "AsyncClient",
    "AsyncSubscription",
    "ConnectionLost",
    "DaemonUnreachable",
    "open_client",
]

_LAZY = {"AsyncClient", "AsyncSubscription", "open_client"}


def __getattr__(name: str) -> object:
    """Import the trio client when it is first asked for."""
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from penholder import client  # noqa: PLC0415 - see the module's docstring

    return getattr(client, name)
