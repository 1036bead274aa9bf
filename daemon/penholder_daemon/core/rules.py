"""Rules that core and rooms obey, of the configuration and of the process: `World.rules`."""

from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from penholder_protocol.limits import HOST_LEASE_MS, MAX_SEATS, MAX_WORKERS

_Whole = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What retention may take: entries older than this, and of those all but the last so many."""

    older_than_ms: _Whole | None = None
    keep_last: _Whole | None = None


class Staleness(msgspec.Struct, frozen=True, kw_only=True):
    """How old the heartbeat of a task may be; past an age the task is on that level."""

    warn_ms: int = 60_000
    stale_ms: int = 120_000
    dead_ms: int = 300_000


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that rooms are told by the configuration."""

    retention: Mapping[str, Rule] = {}
    """What may be pruned, by kind of stream (`worker`, `topic` … or `*`)."""
    staleness: Staleness = Staleness()
    """When a task counts as stale."""
    backends: Mapping[str, Mapping[str, object]] = {}
    """What each backend profile can do, for whoever asks; any other profile works as well."""
    allowed_tenants: frozenset[str] | None = None
    """Whose runs may be made; None: anybody's."""
    host_name: str = "localhost"
    """What the daemon's host is called, for people."""
    host_lease_ms: int = HOST_LEASE_MS
    """How long a host counts as active that is not heard of."""
    max_workers: int = MAX_WORKERS
    """Workers that may be there and not stopped; fewer where there are few descriptors."""
    max_seats: int = MAX_SEATS
    """Seats that may be held at once."""
