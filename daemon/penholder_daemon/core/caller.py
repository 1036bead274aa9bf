"""Who is calling, as the kernel says it; nothing in here was claimed by the caller."""

from typing import Literal

import msgspec

from penholder_daemon.core.world import Process

SocketKind = Literal["control", "runtime"]
CONTROL: SocketKind = "control"
RUNTIME: SocketKind = "runtime"


class Caller(msgspec.Struct, frozen=True):
    """The peer of one connection.

    `lineage` is the peer's process followed by its ancestors at the time of connecting: ancestors
    can only die afterwards, never be gained, so it stays good for deciding whose seat it shares.
    """

    socket: SocketKind
    uid: int
    pid: int
    worker_id: str | None = None
    lineage: tuple[Process, ...] = ()

    @property
    def scope(self) -> str:
        """Name the party whose idempotency keys count together."""
        return f"worker:{self.worker_id}" if self.worker_id else f"uid:{self.uid}"
