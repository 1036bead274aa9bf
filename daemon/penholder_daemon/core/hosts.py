"""Which host something is of, where several share a store.

A host is a state directory and the daemon that serves it. Processes, sockets and pids mean
something on their own host only: what is another's is shown here, and neither served nor judged.

What is of no host yet (from before there were any, or brought from another store) is of the first
that registers, and until then of whoever looks.
"""

from penholder_daemon.core.store import Store
from penholder_daemon.core.transaction import Rx

HERE = "(host_id = ? OR host_id IS NULL)"
"""The condition of what is of this host; takes the host's id."""

OF_A_HOST = ("workers", "seats", "instances", "leases")
"""Tables whose rows are of a host."""


def subject(host_id: str) -> str:
    """Name a host among fences and leases."""
    return f"host:{host_id}"


def is_here(rx: Rx, host_id: str | None) -> bool:
    """Tell whether that is the host of the daemon that looks."""
    return host_id is None or host_id == rx.world.host_id


def disown_all(store: Store) -> None:
    """Have all be of no host, and no host be known."""
    store.run("DELETE FROM leases WHERE subject >= 'host:' AND subject < 'host;'")
    for table in OF_A_HOST:
        store.run(f"UPDATE {table} SET host_id = NULL WHERE host_id IS NOT NULL")
    store.run("DELETE FROM hosts")


def disown_before(store: Store, host_id: str) -> None:
    """Have what is in a file be of this host, where that was never there and others were.

    A file is of whoever has it. The id of a host is kept beside it, and may be lost or left behind:
    its workers would be those of a host that cannot come back.
    """
    is_known = store.row("SELECT 1 FROM hosts WHERE host_id = ?", host_id) is not None
    if not is_known and store.row("SELECT 1 FROM hosts LIMIT 1") is not None:
        disown_all(store)
