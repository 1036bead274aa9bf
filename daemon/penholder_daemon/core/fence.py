"""Fences: who may write to what has an owner, checked in the transaction of the write.

An owner can be away for a while and not know that another has taken its place: it was stopped,
suspended, or its messages came late. It will go on writing. No check that it makes itself helps,
since the takeover may come between its check and its write; nor does a lease, since it may hold one
that ran out on its way. So whoever takes a subject gets a number above all before it, the epoch,
and each write is compared with the highest in the transaction that writes. After Martin Kleppmann's
fencing tokens. Here the store itself does the comparing, so nothing that is written in it gets past
a takeover; what an owner does elsewhere is fenced only if the epoch is checked there.

A number can be guessed, so a token comes with it, made at random for each holding. Both must be the
holder's. The token is stored as a hash: who reads the database can prove nothing with it.

One row per subject (`controller:<id>`, `worker:<id>`, `run:<id>`, `queue_task:<id>`): its highest
epoch ever and the hash of the holder's token, or none while nobody holds it. Epochs only grow: no
operation here lowers one and no row is ever deleted, also when what it is about is removed. A row
that came again would begin at 1, and an epoch that was passed on to other systems would be given
twice. A worker's row has no token: its holder is a process (see `seats`).

While nobody holds a subject, anybody may write to it without a fence. A fence that is given is
checked all the same: who shows one believes to be the owner and must hear that it is not.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

from penholder_daemon.core.counters import EPOCH_FLOOR, current
from penholder_daemon.core.store import Known, Row, integer
from penholder_daemon.core.transaction import Rx, Tx
from penholder_protocol.errors import Fenced, FenceRequired
from penholder_protocol.nouns import Fence

Arguments: TypeAlias = Mapping[str, object]
FenceCheck: TypeAlias = Callable[[Tx, Arguments, Fence | None], None]
"""Lets a mutation on the control socket pass or raises; raises also what is not found."""


class _Held(NamedTuple):
    """How a subject is held; nobody holds it without a token."""

    epoch: int
    token_hash: str | None


def _held(row: Row) -> _Held:
    return _Held(integer(row[0]), None if row[1] is None else str(row[1]))


_HELD = Known("SELECT epoch, token_hash FROM fences WHERE subject = ?", _held)


def always(_arguments: Arguments) -> bool:
    """Say of any call that it may be made beside the owner."""
    return True


def raise_epoch(tx: Tx, subject: str, token: str | None) -> int:
    """Give the subject to a new holder and return its epoch, above the highest ever."""
    row = tx.store.row(
        "INSERT INTO fences (subject, epoch, token_hash) VALUES (?, ?, ?)"
        " ON CONFLICT (subject) DO UPDATE SET epoch = CASE WHEN fences.epoch < excluded.epoch"
        " THEN excluded.epoch ELSE fences.epoch + 1 END,"
        " token_hash = excluded.token_hash RETURNING epoch",
        subject,
        # After a restore or failover there may be epochs, also of subjects, that are not known
        # here; those lie at or below the floor.
        current(tx, EPOCH_FLOOR) + 1,
        None if token is None else _hash(token),
    )
    assert row is not None  # RETURNING gives the row, be it new or not
    return integer(row[0])


def drop_holder(tx: Tx, subject: str) -> None:
    """Nobody holds the subject now; its epoch stays."""
    tx.store.run("UPDATE fences SET token_hash = NULL WHERE subject = ?", subject)


def current_epoch(rx: Rx, subject: str) -> int:
    """Return the highest epoch that the subject ever had, 0 before the first."""
    held = rx.store.known(_HELD, subject)
    return 0 if held is None else held.epoch


def all_epochs(rx: Rx) -> dict[str, int]:
    """Return the highest epoch of every subject."""
    rows = rx.store.rows("SELECT subject, epoch FROM fences")
    return {str(subject): integer(epoch) for subject, epoch in rows}


def outdate_all(tx: Tx, known: Mapping[str, int], *, step: int, floor: int) -> None:
    """Fence whoever holds anything, here or in a database that gave out the epochs in `known`.

    Every epoch goes up a step from the higher of both, and to the floor at least; nobody holds
    anything then.
    """
    # First those that only the other database knows, so that the update below reaches them as well.
    for subject, epoch in known.items():
        tx.store.run(
            "INSERT INTO fences (subject, epoch) VALUES (?, ?)"
            " ON CONFLICT (subject) DO UPDATE SET epoch = excluded.epoch"
            " WHERE fences.epoch < excluded.epoch",
            subject,
            epoch,
        )
    sql = (
        "UPDATE fences SET epoch = CASE WHEN epoch + ?1 > ?2 THEN epoch + ?1 ELSE ?2 END,"
        " token_hash = NULL"
    )
    tx.store.run(sql, step, floor)


def holds(rx: Rx, subject: str, epoch: int, token: str) -> bool:
    """Tell whether this epoch and token are the present holder's, in constant time."""
    held = rx.store.known(_HELD, subject)
    if held is None or held.token_hash is None:
        return False
    # The token is compared whatever the epoch is: how long this takes tells nothing of either.
    same_token = hmac.compare_digest(held.token_hash, _hash(token))
    return same_token and held.epoch == epoch


def require(rx: Rx, subject: str, fence: Fence | None, **details: str) -> None:
    """Let the call pass if nobody holds the subject, or if the fence is the holder's.

    A fence that is given is always checked. Raises FenceRequired or Fenced, both with
    `current_epoch`.
    """
    if fence is not None:
        if not holds(rx, subject, fence.epoch, fence.token):
            raise stale(rx, subject, **details)
        return
    held = rx.store.known(_HELD, subject)
    if held is not None and held.token_hash is not None:
        raise FenceRequired(
            "the controller has an active owner; pass its fence {epoch, token}, or take over first",
            current_epoch=held.epoch,
            **details,
        )


def beside_owner(check: FenceCheck, when: Callable[[Arguments], bool] = always) -> FenceCheck:
    """Make a check that a call passes without a fence, though there is an owner, where it may.

    For what can only happen once, and what only leads to an end: two hands cannot do those
    differently. A fence that is given is checked all the same.
    """

    def check_unless_beside(tx: Tx, arguments: Arguments, fence: Fence | None) -> None:
        # `Fenced` is let through: a fence that was given and is stale is refused here as well.
        try:
            check(tx, arguments, fence)
        except FenceRequired:
            if not when(arguments):
                raise
            tx.beside_owner = True

    return check_unless_beside


def stale(rx: Rx, subject: str, **details: str) -> Fenced:
    """Make the one error that a stale holder gets."""
    epoch = current_epoch(rx, subject)
    return Fenced(
        f"epoch or token of {subject} is stale; the current epoch is {epoch}",
        current_epoch=epoch,
        **details,
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
