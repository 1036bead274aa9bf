"""What a worker may leave out, say and see on its own socket.

The control socket leaves out nothing, names anybody and sees everything: who reaches it is a user
of the daemon. Who calls on a runtime socket is one worker, as the socket says. It need not name
itself, may name nobody else, and reaches what is its own:

- params that say who acts (`IDENTITY`) it may leave out, and may say only itself: `fill_in`
- runs and queue tasks it reads unless another has claimed them (`refuse_others`), and writes to
  those that it has claimed (`require_own`)
- tasks it reaches where they are assigned to it: `require_assigned`
- readers are itself, which it may leave out (`reader_of`), or names that begin with it and a slash
  (`require_reader`)
- sessions it reads where it has claimed a run of them: `require_session`
- streams it reads are its own, its runs', topics and boards: `require_readable`

Whether the caller is the process that has the worker's seat is another question: `seats.require`.
Lists with one of those params, and that of sessions, show a worker its own; the others show
everybody the same.
"""

from collections.abc import Callable, Sequence

from penholder_daemon.core import fence, streams
from penholder_daemon.core.caller import RUNTIME, Caller, SocketKind
from penholder_daemon.core.params import Field
from penholder_daemon.core.transaction import Rx
from penholder_protocol.errors import Denied, FenceRequired, InvalidParams
from penholder_protocol.nouns import LeaseProof
from penholder_protocol.nouns.words import WorkerId

IDENTITY = ("runner_id", "worker_id")
"""Params that say who acts. In openrpc.json they are `x-identity` of each method that has them and
is served on runtime sockets; clients and the command line read it there."""


# --- what may be left out and said ------------------------------------------------------------
def field_on(socket: SocketKind, field: Field) -> Field:
    """Return a param as a socket takes it: on a runtime socket a worker need not name itself."""
    if socket == RUNTIME and field.name in IDENTITY:
        return field.with_default(None, WorkerId | None)
    return field


def fill_in(caller: Caller, arguments: dict[str, object]) -> None:
    """Put a worker into the params that say who acts; raises Denied where they name another."""
    own = caller.worker_id
    if own is None:
        return
    for name in IDENTITY:
        if name not in arguments:
            continue
        if (named := arguments[name]) not in (None, own):
            raise Denied(
                f"this is the runtime socket of {own}; it may not name {named}", worker_id=own
            )
        arguments[name] = own


def reader_of(rx: Rx, reader: str | None) -> str:
    """Return the reader that is meant: a worker may leave itself out."""
    named = reader or rx.caller.worker_id
    if named is None:
        raise InvalidParams("param `reader` is missing", param="reader")
    require_reader(rx, named)
    return named


def require_reader(rx: Rx, reader: str | None) -> None:
    """Keep a worker to its own readers: itself, and those whose names begin with it and a slash."""
    own = rx.caller.worker_id
    if own is None or reader is None or reader == own or reader.startswith(f"{own}/"):
        return
    raise Denied(
        f"on a runtime socket a reader is {own} or begins with {own}/, not {reader}", reader=reader
    )


# --- what may be reached ----------------------------------------------------------------------
def require_own(
    rx: Rx, subject: str, lease: LeaseProof | None, *, claimed_by: str | None, **details: str
) -> None:
    """Let a worker write only to what it has claimed itself.

    What another has claimed is Denied, what nobody has is FenceRequired, whatever its state. A
    former holder gets Fenced there as everywhere: its lease says so.
    """
    own = rx.caller.worker_id
    if own is None or claimed_by == own:
        return
    epoch = fence.current_epoch(rx, subject)
    # Who shows an older lease goes on to the fence, which tells it that it is stale.
    if lease is None or lease.epoch >= epoch:
        refuse_others(rx, claimed_by, **details)
    if lease is None:
        raise FenceRequired(
            f"{own} has not claimed {subject}; a worker writes to what it has claimed only",
            current_epoch=epoch,
            **details,
        )


def refuse_others(rx: Rx, claimed_by: str | None, **details: str) -> None:
    """Keep a worker out of what somebody else has claimed."""
    own = rx.caller.worker_id
    if own is not None and claimed_by not in (None, own):
        raise Denied(
            f"{claimed_by} has claimed this; on a runtime socket it is closed to {own}", **details
        )


def require_assigned(rx: Rx, what: str, worker_id: str | None, **details: str) -> None:
    """Keep a worker to what is assigned to it."""
    own = rx.caller.worker_id
    if own is not None and worker_id != own:
        raise Denied(f"{what} is not assigned to {own}", **details)


def require_session(rx: Rx, session_id: str, has_claimed: Callable[[str], bool]) -> None:
    """Keep a worker to sessions of which it has claimed a run."""
    own = rx.caller.worker_id
    if own is not None and not has_claimed(own):
        raise Denied(f"{own} has no run of session {session_id}", session_id=session_id)


def require_readable(rx: Rx, names: Sequence[str], has_claimed: Callable[[str, str], bool]) -> None:
    """Keep a worker to its own stream, topics, boards, and the runs it has claimed.

    `has_claimed(stream, worker_id)` looks a run up, which is a room's business.
    """
    own = rx.caller.worker_id
    if own is None:
        return
    stream = streams.worker(own)
    for name in names:
        if name == stream or streams.is_shared(name) or has_claimed(name, own):
            continue
        raise Denied(
            f"a runtime socket may read {stream!r}, its runs, topics and boards, not {name!r}",
            stream=name,
        )
