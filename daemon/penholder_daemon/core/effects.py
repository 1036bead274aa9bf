"""What a mutation wants done outside the database once it is committed, and only then.

A handler is pure: it leaves effects on its transaction, which vanish with it if it is rolled back.
The shell carries them out after the commit and before the answer goes out.
"""

from typing import TypeAlias

import msgspec

from penholder_daemon.core.world import Process


class ServeWorker(msgspec.Struct, frozen=True):
    """Open the worker's runtime socket."""

    worker_id: str


class CloseWorker(msgspec.Struct, frozen=True):
    """Stop accepting on the worker's runtime socket.

    Connections that are open stay, so that the seated process can write its last words; with
    `drop_connections` they go too.
    """

    worker_id: str
    drop_connections: bool = False


class WatchProcess(msgspec.Struct, frozen=True):
    """Tell when this process exits: it holds the worker's seat under this epoch."""

    worker_id: str
    epoch: int
    process: Process


class ForgetProcess(msgspec.Struct, frozen=True):
    """The seat was given up; its process is not watched any more."""

    worker_id: str
    epoch: int


class EndProcess(msgspec.Struct, frozen=True):
    """SIGTERM for the seated process, and SIGKILL if it is there KILL_AFTER_MS later."""

    worker_id: str


class FenceOff(msgspec.Struct, frozen=True):
    """Tell the connections of a process that lost its seat to another."""

    worker_id: str
    current_epoch: int
    process: Process
    successor: Process


class WithdrawStream(msgspec.Struct, frozen=True):
    """Workers other than this one may read a stream no more: end their subscriptions to it."""

    stream: str
    reader_id: str


class WakeAt(msgspec.Struct, frozen=True):
    """Something falls due at this instant of CLOCK_BOOTTIME."""

    boottime_ms: int


class WakeWaiters(msgspec.Struct, frozen=True):
    """Have those who wait for a stream look again, though it has no new entry."""

    stream: str


Effect: TypeAlias = (
    ServeWorker
    | CloseWorker
    | WatchProcess
    | ForgetProcess
    | EndProcess
    | FenceOff
    | WithdrawStream
    | WakeAt
    | WakeWaiters
)
"""All there are; the shell handles each."""
