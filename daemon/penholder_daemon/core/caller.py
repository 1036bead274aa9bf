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
    It is empty where the process was gone before it could be looked at.
    """

    socket: SocketKind
    uid: int
    pid: int
    worker_id: str | None = None
    lineage: tuple[Process, ...] = ()
    in_session: tuple[Process, ...] = ()
    """Those of the lineage in whose name the peer may sit: of its own session, never process 1."""
    is_visible: bool = True
    """False for a peer of a pid namespace that the daemon cannot look into."""
    has_own_pids: bool = False
    """True for a peer of a pid namespace below the daemon's: its numbers are not the daemon's."""

    @property
    def scope(self) -> str:
        """Name the party whose idempotency keys count together."""
        return f"worker:{self.worker_id}" if self.worker_id else f"uid:{self.uid}"
