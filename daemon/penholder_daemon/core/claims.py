"""Claims: something that one runner works on, under a lease, until another claims it.

Work that is given out must come back if its runner dies, and must not be done by two at once. A
time limit alone brings it back but does not keep the first runner, which may only be slow, from
writing; a fence alone keeps it from writing but never brings anything back. A claim is both: a
fence (epoch and token, see `fence`) with a lease (see `leases`).

The fence alone decides who may write. A lease that ran out takes nothing away by itself: it only
lets others have the subject, and how they come to it is for the room to say. A run goes on being
its holder's until another claims it, so a runner that is late loses nothing where nobody waits. A
queue task is pending again as soon as anybody looks: the timer, a claim, or the heartbeat or end
that its late holder sends.

An end is one of three, by what the last holder may do afterwards:

- `stop_clock`: it is over. There is no lease any more, and the last holder still passes, so that it
  can add what it has to say.
- `release`: nobody holds it. Whoever did is fenced.
- `void`: it stays claimed, by a holder that nobody is and under a lease that is over. That is for
  runs, which are never pending again.

A subject is named like its stream or table row, for example `run:<id>`.
"""

from penholder_daemon.core import access, fence, leases
from penholder_daemon.core.effects import WakeAt
from penholder_daemon.core.transaction import Rx, Tx
from penholder_protocol.errors import FenceRequired
from penholder_protocol.nouns import Lease, LeaseProof


def grant(tx: Tx, subject: str, lease_ms: int, own_token: str | None) -> Lease:
    """Give the subject to a new holder under a higher epoch.

    A holder that brings its own token is not shown it again, else one is made and shown only here.
    """
    made = None if own_token is not None else tx.new_secret()
    epoch = fence.raise_epoch(tx, subject, own_token or made)
    return Lease(epoch=epoch, token=made, expires_at=_start(tx, subject, lease_ms))


def renew(tx: Tx, subject: str, lease_ms: int) -> Lease:
    """Start the present holder's lease anew: the same epoch, and the token is not shown again."""
    epoch = fence.current_epoch(tx, subject)
    return Lease(epoch=epoch, token=None, expires_at=_start(tx, subject, lease_ms))


def is_expired(rx: Rx, subject: str) -> bool:
    """Tell whether the lease of a claimed subject ran out."""
    return leases.is_expired(rx, subject)


def wake(tx: Tx, lease_ms: int) -> None:
    """Have the timers look when a lease that begins now is over."""
    tx.after_commit(WakeAt(tx.world.boottime_ms() + lease_ms))


def stop_clock(tx: Tx, subject: str) -> None:
    """End the lease of work that is over; its last holder can still prove that it was the last."""
    leases.drop(tx, subject)


def release(tx: Tx, subject: str) -> None:
    """End a claim altogether: whoever held it is FENCED from now on. The epoch stays."""
    leases.drop(tx, subject)
    fence.drop_holder(tx, subject)


def void(tx: Tx, subject: str) -> None:
    """Take a claim from its holder, which is FENCED from now on, and let the next one claim."""
    # A new holder whom nobody is told of, under a lease that is over before anybody can look, also
    # after the daemon's next start has given it its full time.
    fence.raise_epoch(tx, subject, tx.world.new_token())
    _start(tx, subject, 1)


def require(
    rx: Rx,
    subject: str,
    lease: LeaseProof | None,
    *,
    claimed_by: str | None,
    needed: bool,
    **details: str,
) -> None:
    """Let the call pass if its lease is the newest, or if none is `needed` and none was given.

    Raises FenceRequired, Fenced (both with `current_epoch`), or what `access.require_own` raises.
    """
    access.require_own(rx, subject, lease, claimed_by=claimed_by, **details)
    if lease is not None:
        if not fence.holds(rx, subject, lease.epoch, lease.token):
            raise fence.stale(rx, subject, **details)
    elif needed:
        raise FenceRequired(
            f"{subject} is claimed; pass its lease {{epoch, token}}, or claim it first",
            current_epoch=fence.current_epoch(rx, subject),
            **details,
        )


def _start(tx: Tx, subject: str, lease_ms: int) -> str:
    expires_at = leases.grant(tx, subject, lease_ms)
    assert expires_at is not None  # only a lease without length has no end
    return expires_at
