"""How many of everything there are descriptors for: connections, runtime sockets, watched seats.

Each of these holds one descriptor for as long as a peer likes. Their limits are such that all of
them together leave the daemon what it needs itself, whatever peers do: running out of descriptors
is not something that the rest of the daemon has to stand. Where it was, the daemon ended, or a
worker was left that nobody serves.

A worker at work has one of each kind, so they share alike. What few connections leave goes to the
other two.
"""

import resource
from dataclasses import dataclass

import structlog

from penholder_protocol.limits import MAX_SEATS, MAX_WORKERS

log = structlog.get_logger()

_SPARE = 112
"""For the database and its readers, copies of it, locks, standard streams, a peer being refused."""
_FEWEST = 32
"""Fewer do not reach for the database, a backup and one connection: it would serve nobody."""
_UNLIMITED = 1 << 20


class TooFewDescriptors(Exception):
    """The process may open too few descriptors to serve anybody; the message says what to do."""


@dataclass(frozen=True)
class Capacity:
    """Limits that follow from the process's own, and from the settings."""

    connections: int
    workers: int
    seats: int
    too_few: int | None = None
    """How many descriptors there are, where they do not reach for the connections of a setting."""

    def tell_if_few(self, max_connections: int) -> None:
        """Say in the log where they are too few for what is set."""
        if self.too_few is not None:
            log.warning(
                "few descriptors: raise their limit (`ulimit -n`, LimitNOFILE=)",
                descriptors=self.too_few,
                connections=self.connections,
                max_connections=max_connections,
                workers=self.workers,
                seats=self.seats,
            )


def raise_limit() -> int:
    """Raise the soft limit to the hard one and return it; raises TooFewDescriptors."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        # The soft limit is what a program starts with; to raise it to the hard one needs no right.
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if 0 <= hard < _FEWEST:  # below 0 it is infinite
        raise TooFewDescriptors(
            f"this process may open {hard} descriptors, and fewer than {_FEWEST} do not reach to"
            " serve anybody: raise their limit (`ulimit -n`, LimitNOFILE=)"
        )
    return _UNLIMITED if hard == resource.RLIM_INFINITY else hard


def share_out(descriptors: int, max_connections: int) -> Capacity:
    """Share descriptors among what peers hold: a worker at work has one of each kind."""
    left = max(3, descriptors - _SPARE)
    connections = min(max_connections, left // 3)
    each = (left - connections) // 2
    too_few = descriptors if connections < max_connections else None
    return Capacity(connections, min(each, MAX_WORKERS), min(each, MAX_SEATS), too_few)
