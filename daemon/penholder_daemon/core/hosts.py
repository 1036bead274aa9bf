"""Which host something is of, where several share a store.

A host is a state directory and the daemon that serves it. Processes, sockets and pids mean
something on their own host only: what is another's is shown here, and neither served nor judged.

What is of no host yet (from before there were any, or brought from another store) is of the first
that registers, and until then of whoever looks.
"""

from penholder_daemon.core.transaction import Rx

HERE = "(host_id = ? OR host_id IS NULL)"
"""The condition of what is of this host; takes the host's id."""


def subject(host_id: str) -> str:
    """Name a host among fences and leases."""
    return f"host:{host_id}"


def is_here(rx: Rx, host_id: str | None) -> bool:
    """Tell whether that is the host of the daemon that looks."""
    return host_id is None or host_id == rx.world.host_id
