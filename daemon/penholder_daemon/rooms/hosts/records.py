"""The table of hosts: who shares the store, and who of them can be heard.

A daemon cannot see whether the processes of another machine live. What it can see is whether that
machine's daemon goes on renewing its lease. So that is all that is judged: a host whose lease ran
out is `expired`, and its workers are `unreachable`. Nobody calls them lost: they may go on working,
cut off from the store, and what they are is for their own host to say when it comes back. So the
state of a worker stays as it is, and `unreachable` is not stored with it but told of its host.

Every start of a daemon, and every return of one that had expired, is a new epoch of its host, and
so is the expiry itself: what a host wrote down under an epoch before can be told from what it is
now. The lease lies with all others (`leases`), on their scale: a stall of the daemon that judges is
no time of anybody's, and a start gives every host that is active its full time anew.

Where one daemon has the store to itself there is one host. Nobody could take its lease, so it is
not renewed, and an idle daemon leaves the disk alone; it is told as if it were. A store that may be
shared (`Store.is_shared`) is never had to oneself: the next daemon may come at any time, so there
every host renews its own. Elsewhere whoever joins gives all who are there their full time anew, so
that one who was alone is not expired for that.
"""

from collections.abc import Iterator

import msgspec
from msgspec import Raw

from penholder_daemon.core import durations, fence, journal, leases
from penholder_daemon.core.effects import WakeAt
from penholder_daemon.core.hosts import OF_A_HOST, disown_all, subject
from penholder_daemon.core.store import integer, to_json
from penholder_daemon.core.transaction import Rx, Tx
from penholder_protocol.errors import InvalidParams
from penholder_protocol.nouns import Host

_LEASE = "l.subject = 'host:' || h.host_id"
_WORKERS = "(SELECT COUNT(*) FROM workers w WHERE w.host_id = h.host_id AND w.state <> 'stopped')"


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """What a daemon says of its host."""

    host_id: str
    host_name: str
    version: str
    started_at: str
    lease_ms: int


def select(rx: Rx, before: int) -> Iterator[tuple[int, Host]]:
    """Yield the hosts that came before a number, the newest first."""
    rows = rx.store.rows(
        "SELECT h.number, h.host_id, h.host_name, h.state, h.version, h.expired_at, l.deadline_ms,"
        f" l.lease_ms, (SELECT COUNT(*) FROM hosts), {_WORKERS}"
        f" FROM hosts h LEFT JOIN leases l ON {_LEASE}"
        " WHERE h.number < ? ORDER BY h.number DESC",
        before,
    )
    for number, host_id, host_name, state, version, expired_at, *lease, hosts, workers in rows:
        deadline_ms, lease_ms = lease
        is_alone = hosts == 1 and host_id == rx.world.host_id and not rx.store.is_shared
        if deadline_ms is not None and is_alone:
            deadline_ms = durations.lease_now(rx) + integer(lease_ms)  # renewed by being here
        # Only one that is active has a lease.
        ends_at = (
            str(expired_at)
            if deadline_ms is None
            else durations.lease_ends_at(rx.world, integer(deadline_ms))
        )
        yield (
            integer(number),
            Host(
                host_id=str(host_id),
                host_name=str(host_name),
                state="active" if state == "active" else "expired",
                lease_expires_at=ends_at,
                version=str(version),
                workers=integer(workers),
            ),
        )


def require(rx: Rx, host_id: str) -> None:
    """Refuse a host that is not known; the daemon's own always is."""
    if host_id != rx.world.host_id and _state(rx, host_id) is None:
        raise InvalidParams(
            f"host_id: there is no host {host_id!r}; host.list shows those that share this store",
            param="host_id",
        )


def at_work(rx: Rx) -> list[str]:
    """Name the other hosts whose daemons write to the store now.

    A lease tells of the time before, and one that went with all others in the same minute has its
    lease for as long as nobody judges it. So it must be connected as well.
    """
    serving = rx.store.serving()
    rows = rx.store.rows(
        "SELECT host_id, host_name FROM hosts WHERE state = 'active' AND host_id <> ?"
        " ORDER BY number",
        rx.world.host_id,
    )
    return [f"{host_name!s}, {host_id!s}" for host_id, host_name in rows if host_id in serving]


def _state(rx: Rx, host_id: str) -> tuple[str, str, str] | None:
    row = rx.store.row("SELECT state, started_at, host_name FROM hosts WHERE host_id = ?", host_id)
    return None if row is None else (str(row[0]), str(row[1]), str(row[2]))


# --- registering --------------------------------------------------------------------------------
def register(tx: Tx, host: Registration) -> None:
    """Have a host be active under a new epoch, whatever it was."""
    known = _state(tx, host.host_id)
    is_alone = _is_alone(tx, host.host_id)
    epoch = fence.raise_epoch(tx, subject(host.host_id), None)
    tx.store.run(
        "INSERT INTO hosts (host_id, number, host_name, epoch, version, started_at, state)"
        " VALUES (?, (SELECT COALESCE(MAX(number), 0) + 1 FROM hosts), ?, ?, ?, ?, 'active')"
        " ON CONFLICT (host_id) DO UPDATE SET host_name = excluded.host_name,"
        " epoch = excluded.epoch, version = excluded.version, started_at = excluded.started_at,"
        " state = excluded.state, expired_at = NULL",
        host.host_id,
        host.host_name,
        epoch,
        host.version,
        host.started_at,
    )
    if not is_alone and not tx.store.is_shared:
        _renew_others(tx)
    leases.grant(tx, subject(host.host_id), host.lease_ms)
    _adopt(tx, host.host_id)
    # A daemon that was restarted and is the only one is news to nobody.
    if (known is None and not is_alone) or (known is not None and known[0] == "expired"):
        _tell(tx, "host.registered", host.host_id, host.host_name, epoch)
    if not is_alone:
        tx.after_commit(WakeAt(_wake_for(tx, _deadline_ms(tx, host.host_id))))


def _is_alone(rx: Rx, host_id: str) -> bool:
    return rx.store.row("SELECT 1 FROM hosts WHERE host_id <> ?", host_id) is None


def _renew_others(tx: Tx) -> None:
    """Give every host that is active its full time anew: one may have been alone until now."""
    tx.store.run(
        "UPDATE leases SET deadline_ms = ? + lease_ms"
        " WHERE subject >= 'host:' AND subject < 'host;'",
        durations.lease_start(tx.world),
    )


def _adopt(tx: Tx, host_id: str) -> None:
    """Take what is of no host yet."""
    for table in OF_A_HOST:
        tx.store.run(f"UPDATE {table} SET host_id = ? WHERE host_id IS NULL", host_id)


def leave_all(tx: Tx) -> None:
    """Have a store be nobody's at the moment, which was put together from what another had.

    Where several share it each host keeps what is its own: it is expired, and comes back with its
    next start. A file has one host, which may be on another machine than before, so what is in it
    is of whoever registers next.
    """
    tx.store.run("DELETE FROM leases WHERE subject >= 'host:' AND subject < 'host;'")
    # Each host's start finds in the tables what of that is still to be done.
    tx.store.run("DELETE FROM host_effects")
    tx.store.run("DELETE FROM shared_settings")
    if tx.store.is_shared:
        sql = "UPDATE hosts SET state = 'expired', expired_at = ? WHERE state = 'active'"
        tx.store.run(sql, tx.now)
    else:
        disown_all(tx.store)


# --- keeping and losing a lease -----------------------------------------------------------------
def keep(tx: Tx, own: Registration) -> int | None:
    """Keep this daemon's host registered, and expire those that did not keep theirs.

    Returns when to come again, by CLOCK_BOOTTIME; None while it is alone.
    """
    known = _state(tx, own.host_id)
    if known is None or known[:2] != ("active", own.started_at):
        register(tx, own)
    elif known[2] != own.host_name:
        sql = "UPDATE hosts SET host_name = ? WHERE host_id = ?"
        tx.store.run(sql, own.host_name, own.host_id)
    if not tx.store.is_shared and _is_alone(tx, own.host_id):
        return None
    return min([_renew(tx, own), *_expire(tx, own.host_id)])


def _renew(tx: Tx, own: Registration) -> int:
    """Renew the lease once a third of it is over; returns when that is."""
    third_ms = own.lease_ms // 3
    deadline_ms = _deadline_ms(tx, own.host_id)
    if deadline_ms - durations.lease_start(tx.world) <= own.lease_ms - third_ms:
        leases.grant(tx, subject(own.host_id), own.lease_ms)
        deadline_ms = _deadline_ms(tx, own.host_id)
    return _wake_for(tx, deadline_ms - own.lease_ms + third_ms)


def _expire(tx: Tx, own_id: str) -> list[int]:
    """Expire the other hosts whose lease ran out; returns when the others' do."""
    rows = tx.store.rows(
        "SELECT h.host_id, h.host_name, l.deadline_ms FROM hosts h"
        f" JOIN leases l ON {_LEASE} WHERE h.state = 'active' AND h.host_id <> ?",
        own_id,
    )
    now_ms = durations.lease_now(tx)
    found = [(str(row[0]), str(row[1]), integer(row[2])) for row in rows]
    for host_id, host_name, deadline_ms in found:
        if deadline_ms <= now_ms:
            _lose(tx, host_id, host_name, deadline_ms)
    return [_wake_for(tx, deadline_ms) for *_, deadline_ms in found if deadline_ms > now_ms]


def _lose(tx: Tx, host_id: str, host_name: str, deadline_ms: int) -> None:
    epoch = fence.raise_epoch(tx, subject(host_id), None)
    tx.store.run(
        "UPDATE hosts SET state = 'expired', expired_at = ?, epoch = ? WHERE host_id = ?",
        durations.lease_ends_at(tx.world, deadline_ms),
        epoch,
        host_id,
    )
    leases.drop(tx, subject(host_id))
    # Its timers look no more, and ours know nothing of what they would have found.
    tx.after_commit(WakeAt(tx.world.boottime_ms()))
    _tell(tx, "host.expired", host_id, host_name, epoch)


def _tell(tx: Tx, type_: str, host_id: str, host_name: str, epoch: int) -> None:
    # Without the peer that a note names: the host itself is who it is about.
    what = {"host_id": host_id, "host_name": host_name, "epoch": epoch}
    journal.append(tx, "daemon", type_, Raw(to_json(what)))


def _deadline_ms(tx: Tx, host_id: str) -> int:
    sql = "SELECT deadline_ms FROM leases WHERE subject = ?"
    row = tx.store.row(sql, subject(host_id))
    assert row is not None  # an active host has its lease
    return integer(row[0])


def _wake_for(tx: Tx, deadline_ms: int) -> int:
    return durations.wake_for_lease(tx.world, deadline_ms)
