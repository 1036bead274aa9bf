"""Which hosts share the store, and how a daemon keeps its own among them."""

from collections.abc import Iterator

from penholder_daemon.core import elsewhere, paging, shared_settings, verify
from penholder_daemon.core.caller import CONTROL
from penholder_daemon.core.registry import Room
from penholder_daemon.core.transaction import Rx, Tx
from penholder_daemon.rooms.hosts import records
from penholder_daemon.rooms.hosts.records import Registration
from penholder_protocol import __version__
from penholder_protocol.limits import DEFAULT_LIST_LIMIT
from penholder_protocol.nouns import Finding, Host, Page
from penholder_protocol.nouns.words import Cursor, ListLimit

room = Room("host")


@room.query(sockets=(CONTROL,))
def list_(
    rx: Rx, *, limit: ListLimit = DEFAULT_LIST_LIMIT, cursor: Cursor | None = None
) -> Page[Host]:
    """List the hosts that share the daemon's store, newest first; one by itself is alone there.

    A host is a state directory and its daemon, which holds a lease while it can be heard. An
    expired one has unreachable workers, whose state stays as it is.
    """
    return paging.page(records.select(rx, paging.before(cursor)), limit)


@room.mutation(sockets=())
def register(tx: Tx, *, host: Registration) -> None:
    """Have a host be active under a new epoch."""
    records.register(tx, host)


@room.mutation(sockets=())
def join(tx: Tx) -> str | None:
    """Register the daemon's own host among others, or say why its settings keep it from that."""
    refused = _agree(tx, shared_settings.of(tx.world.rules))
    if refused is None:
        records.keep(tx, _own(tx))
    return refused


@room.mutation(sockets=())
def agree(tx: Tx, *, settings: dict[str, str]) -> str | None:
    """Have settings be in force for all hosts, or say why they cannot be."""
    return _agree(tx, settings)


def _agree(tx: Tx, settings: dict[str, str]) -> str | None:
    return shared_settings.agree(tx.store, settings, records.at_work(tx))


@room.mutation(sockets=(), timer=True)
def keep(tx: Tx) -> int | None:
    """Keep the daemon's own host registered and expire others; returns when to come again."""
    return records.keep(tx, _own(tx))


def _own(tx: Tx) -> Registration:
    return Registration(
        host_id=tx.world.host_id,
        host_name=tx.world.rules.host_name,
        version=__version__,
        started_at=tx.world.started_at,
        lease_ms=tx.world.rules.host_lease_ms,
    )


@room.mutation(sockets=())
def carry_out(tx: Tx) -> None:
    """Take what other hosts have left for this one, and have it done."""
    # As it is: what is for all has been left to all by who left it.
    tx.effects.extend(elsewhere.take(tx.store, tx.world.host_id))


@room.check
def check(rx: Rx) -> Iterator[Finding]:
    """Every host has its newest epoch, and a lease exactly while it is active."""
    return verify.query(
        rx,
        {
            "hosts_have_their_epochs": (
                "SELECT 'host ' || h.host_id || ' has epoch ' || h.epoch || ', its fence has '"
                " || COALESCE(f.epoch, 0) FROM hosts h LEFT JOIN fences f"
                " ON f.subject = 'host:' || h.host_id WHERE f.epoch IS NULL OR f.epoch < h.epoch"
            ),
            "active_hosts_have_leases": (
                "SELECT 'host ' || h.host_id || ' is ' || h.state FROM hosts h LEFT JOIN leases l"
                " ON l.subject = 'host:' || h.host_id"
                " WHERE (h.state = 'active') <> (l.subject IS NOT NULL)"
            ),
        },
    )
