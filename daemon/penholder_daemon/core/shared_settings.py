"""Settings by which all hosts of a shared store must judge alike, kept in the store.

Two daemons with another `retention` would each prune by its own, and whose turn it is would decide
what is lost; with other tenants it would hang on the host whether a run may be made. So what judges
shared state is written down (`shared_settings`), as the settings in force of all who are at work.

Whoever is at work alone has its own settings written down in their place. Whoever comes to others,
or changes its settings beside them, must have the same; it is told which differ, and how.

Capabilities of backends may hold anything. Secrets in them are neither stored nor told, by what
their keys are called (`redaction`), and so they are not compared either.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import msgspec
from msgspec import Raw

from penholder_daemon.core.redaction import redact
from penholder_daemon.core.rules import Rules
from penholder_daemon.core.store import Store

Shared: TypeAlias = Mapping[str, str]
"""Values as JSON, by the settings' names."""

_MOST_CHARACTERS = 200
_NOT_THERE = "not there"


def of(rules: Rules) -> dict[str, str]:
    """Return what judges shared state, under the names that it has in the settings."""
    tenants = rules.allowed_tenants
    return {
        "retention": _json(rules.retention),
        "backends": bytes(redact(Raw(_json(rules.backends).encode()))).decode(),
        "allowed_tenants": _json(None if tenants is None else sorted(tenants)),
        "task_warn_ms": _json(rules.staleness.warn_ms),
        "task_stale_ms": _json(rules.staleness.stale_ms),
        "task_dead_ms": _json(rules.staleness.dead_ms),
    }


def _json(value: object) -> str:
    # In one order, so that the same settings are the same text.
    return msgspec.json.encode(value, order="deterministic").decode()


def stored(store: Store) -> dict[str, str]:
    """Return what is written down: nothing, where nobody has shared the store yet."""
    return {
        str(name): str(value)
        for name, value in store.rows("SELECT name, value FROM shared_settings ORDER BY name")
    }


def agree(store: Store, own: Shared, others: Sequence[str]) -> str | None:
    """Have these be in force, or say why they cannot be; `others` are the hosts at work."""
    found = stored(store)
    if found == own:
        return None
    if others and found:
        return _why_not(found, own, others)
    store.run("DELETE FROM shared_settings")
    store.run_many("INSERT INTO shared_settings (name, value) VALUES (?, ?)", list(own.items()))
    return None


def _why_not(found: Shared, own: Shared, others: Sequence[str]) -> str:
    differing = sorted(name for name in {*found, *own} if found.get(name) != own.get(name))
    told = "; ".join(
        f"{name} is {_shown(own.get(name))} here and {_shown(found.get(name))} there"
        for name in differing
    )
    return (
        f"other hosts at work on this store ({', '.join(others)}) go by other settings: {told}."
        " Give this daemon the same ones, or stop the others first: where no other is at work, a"
        " daemon's own settings replace those of the store when it starts or reloads"
    )


def _shown(value: str | None) -> str:
    if value is None:
        return _NOT_THERE
    return value if len(value) <= _MOST_CHARACTERS else f"{value[:_MOST_CHARACTERS]}…"
