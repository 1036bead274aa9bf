"""What a mutation wants done outside the database once it is committed, and only then.

A handler that opened a socket or signalled a process itself would have done so though its
transaction is lost later, by a neighbour's fault or a full disk: what is outside cannot be rolled
back. So a handler is pure, and leaves effects on its transaction (`Tx.after_commit`). They vanish
with its savepoint.

The shell carries them out after the commit and before the answers go out and the entries are told.
Who reads its answer finds the socket open, and who is fenced off hears so before it hears of its
successor's doings.

Nothing of them is stored, but for what another host is to do (`elsewhere`). A daemon that ends
between commit and effect has not done them, and the next one does not know of them. So each is
about a connection, which ends with the daemon, or follows from the tables as well: at its start the
daemon looks there whom to serve, whom to watch, whom to end, what is due, and which bytes nobody
knows of.
"""

from typing import TypeAlias

import msgspec

from penholder_daemon.core.history import Break
from penholder_daemon.core.world import Process


class ServeWorker(msgspec.Struct, frozen=True, tag=True):
    """Open the worker's runtime socket."""

    worker_id: str


class CloseWorker(msgspec.Struct, frozen=True, tag=True):
    """Stop accepting on the worker's runtime socket.

    Connections that are open stay, so that the seated process can write its last words; with
    `drop_connections` they go too.
    """

    worker_id: str
    drop_connections: bool = False


class WatchProcess(msgspec.Struct, frozen=True, tag=True):
    """Tell when this process exits: it holds the worker's seat under this epoch."""

    worker_id: str
    epoch: int
    process: Process


class ForgetProcess(msgspec.Struct, frozen=True, tag=True):
    """The seat was given up; its process is not watched any more."""

    worker_id: str
    epoch: int


class EndProcess(msgspec.Struct, frozen=True, tag=True):
    """SIGTERM for the seated process, and SIGKILL if it is there KILL_AFTER_MS later."""

    worker_id: str


class FenceOff(msgspec.Struct, frozen=True, tag=True):
    """Tell the connections of a process that lost its seat to another."""

    worker_id: str
    current_epoch: int
    process: Process
    successor: Process


class WithdrawStream(msgspec.Struct, frozen=True, tag=True):
    """Workers other than this one may read a stream no more: end their subscriptions to it."""

    stream: str
    reader_id: str


class WakeAt(msgspec.Struct, frozen=True, tag=True):
    """Something falls due at this instant of CLOCK_BOOTTIME."""

    boottime_ms: int


class WakeWaiters(msgspec.Struct, frozen=True, tag=True):
    """Have those who wait for a stream look again, though it has no new entry."""

    stream: str


class EndLostCursors(msgspec.Struct, frozen=True, tag=True):
    """End subscriptions that have come to a position of a history which has ended."""

    breaks: tuple[Break, ...]


class RemoveBlobs(msgspec.Struct, frozen=True, tag=True):
    """Remove the bytes of blobs that have no row any more; what a crash leaves, a start clears."""

    blob_ids: tuple[str, ...]


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
    | EndLostCursors
    | RemoveBlobs
)
"""All there are; the shell handles each."""
