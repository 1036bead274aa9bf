"""Clients of the Penholder daemon: this package awaits, `penholder.blocking` blocks.

`async with penholder.open_client() as client: await client.controller.list()`. Nothing is imported
before it is used, neither trio nor asyncio, so that no program pays for what does not run it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from penholder._shared.failures import ConnectionLost, DaemonUnreachable, NotUnderstood

if TYPE_CHECKING:
    from penholder._shared.owned import Ownership
    from penholder.client import AsyncClient, AsyncSubscription, open_client

__all__ = [
    "AsyncClient",
    "AsyncSubscription",
    "ConnectionLost",
    "DaemonUnreachable",
    "NotUnderstood",
    "Ownership",
    "open_client",
]

_LAZY = {
    "AsyncClient": "penholder.client",
    "AsyncSubscription": "penholder.client",
    "Ownership": "penholder._shared.owned",
    "open_client": "penholder.client",
}


def __getattr__(name: str) -> object:
    """Import what is first asked for."""
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LAZY[name]), name)
