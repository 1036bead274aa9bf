"""What another host is to do once a transaction is durable.

Effects are carried out by the daemon that commits, and most of them are about what is its own: its
connections, its timers. But a worker's socket and process are on the worker's host only, and who
waits for a stream may wait on any. Where other hosts share the store, such an effect is written
down for them in the same transaction (`host_effects`). Their daemons look there as they look for
entries, carry out what they find and take it away in one transaction of their own
(`host.carry_out`).

So it is done at least as surely as an effect of one's own: a daemon that ends before it has done
what it took, finds at its next start in the tables whom to serve and whom to end. What is for all
is left to those that are active: who waits over a host that was taken for gone asks anew.
"""

from typing import TypeAlias

import msgspec

from penholder_daemon.core.effects import (
    CloseWorker,
    Effect,
    EndProcess,
    FenceOff,
    ForgetProcess,
    ServeWorker,
    WakeWaiters,
    WithdrawStream,
)
from penholder_daemon.core.store import Known, Store, integer, to_json

_OfAWorker: TypeAlias = ServeWorker | CloseWorker | EndProcess | ForgetProcess | FenceOff
_OfAll: TypeAlias = WakeWaiters | WithdrawStream

_AT_ONCE = 500
_effect = msgspec.json.Decoder(Effect)
_HOST_OF = Known(
    "SELECT host_id FROM workers WHERE worker_id = ?",
    lambda row: "" if row[0] is None else str(row[0]),
)
# A host that is new comes by a statement that may as well change one, so it is never missed.
_OTHERS = Known(
    "SELECT COUNT(*) FROM hosts WHERE state = 'active' AND host_id <> ?",
    lambda row: integer(row[0]),
)


def leave(store: Store, own_id: str, effect: Effect) -> bool:
    """Leave an effect for the hosts that it is for, and tell whether this one is among them."""
    if isinstance(effect, _OfAWorker):
        host_id = store.known(_HOST_OF, effect.worker_id) or own_id
        # Where nobody else can be, a host that was there finds it in the tables if it comes back.
        if host_id != own_id and store.is_shared:
            sql = "INSERT INTO host_effects (host_id, effect) VALUES (?, ?)"
            store.run(sql, host_id, to_json(effect))
        return host_id == own_id
    others = store.known(_OTHERS, own_id) if store.is_shared and isinstance(effect, _OfAll) else 0
    if others:
        store.run(
            "INSERT INTO host_effects (host_id, effect)"
            " SELECT host_id, ? FROM hosts WHERE state = 'active' AND host_id <> ?",
            to_json(effect),
            own_id,
        )
    return True


def take(store: Store, own_id: str) -> list[Effect]:
    """Take away what others have left for a host, the oldest first; some at a time."""
    rows = list(
        store.rows(
            "SELECT number, effect FROM host_effects WHERE host_id = ? ORDER BY number LIMIT ?",
            own_id,
            _AT_ONCE,
        )
    )
    if rows:
        sql = "DELETE FROM host_effects WHERE host_id = ? AND number <= ?"
        store.run(sql, own_id, rows[-1][0])
    return [_effect.decode(str(effect)) for _, effect in rows]
