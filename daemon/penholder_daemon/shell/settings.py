"""What can be configured: a TOML file, checked, under the command line's flags.

Every setting is documented in docs/settings.md; a test compares the two.
"""

import difflib
import os
import re
import stat
import tomllib
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Annotated, Literal, get_args
from urllib.parse import parse_qsl

import msgspec
from msgspec import Meta, Raw

from penholder_daemon.core import values
from penholder_daemon.core.rules import Rule, Rules, Staleness
from penholder_protocol import patterns
from penholder_protocol.errors import PenholderError
from penholder_protocol.limits import (
    MAX_CONNECTIONS,
    MAX_DEADLINE_MS,
    MAX_DRAIN_MS,
    MAX_TYPE_CHARACTERS,
)

_MAX_FILE_BYTES = 1 << 20
_UNFIT_FOR_A_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_UNKNOWN = re.compile(r"unknown field `([^`]*)`")
_NO_WORD = re.compile(r"Invalid enum value '(.*)' - at `\$\.(\w+)`$")
_NO_KIND = re.compile(r" - at `key` in `\$\.retention`$")
POSTGRESQL = ("postgresql://", "postgres://")
_SECRETS = frozenset({"password", "sslpassword", "scram_client_key", "scram_server_key"})
"""What may stand behind the `?` of a URL and would be seen with it."""

_STREAM_KINDS = ("worker", "controller", "run", "board", "topic", "queue", "daemon", "*")
StreamKind = Annotated[str, Meta(pattern=f"^({'|'.join(map(re.escape, _STREAM_KINDS))})$")]
BackendProfile = Annotated[str, Meta(min_length=1, max_length=MAX_TYPE_CHARACTERS)]
HostName = Annotated[str, Meta(min_length=1, max_length=64, pattern=patterns.HOST_NAME)]
Uid = Annotated[int, Meta(ge=0, le=(1 << 32) - 2)]
SlowMs = Annotated[int, Meta(ge=1, le=MAX_DEADLINE_MS)]
AgeMs = Annotated[int, Meta(ge=1, le=MAX_DEADLINE_MS)]


class StoreSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the state is kept: the table `[store]`."""

    url: str | None = None
    """The URL of a PostgreSQL database; without it the state is in a file of `state_dir`."""
    password_file: str | None = None
    """A file of mode 0600 that holds the password of its role."""

    def __post_init__(self) -> None:
        """Refuse what is no URL of PostgreSQL, or holds what must not be seen with it."""
        if self.url is not None and (problem := problem_of_url(self.url)) is not None:
            raise ValueError(problem)

    def require_url(self) -> None:
        """Refuse a password for nothing; raises UnusableSettings.

        Only once all is read: the URL may come from a flag or the environment.
        """
        if self.url is None and self.password_file is not None:
            raise UnusableSettings(
                "store.password_file is set, and no store that it is for: set `[store] url` or"
                " PENHOLDER_STORE_URL, or take it out to keep the state in state_dir"
            )


def problem_of_url(url: str) -> str | None:
    """Say what is wrong with a URL; none of its own words are said again."""
    if not url.startswith(POSTGRESQL):
        return "store.url must begin with postgresql://; without it the state is in state_dir"
    place, _, query = url.partition("://")[2].partition("?")
    # Up to the last one: a password that holds such a sign itself must not be overlooked.
    who, at, _ = place.rpartition("@")
    named = {name for name, _ in parse_qsl(query, keep_blank_values=True)}
    if (at and ":" in who) or named & _SECRETS:
        return (
            "store.url holds a password, which logs, files and `ps` would show; take it out, and"
            " give it in ~/.pgpass (or the file that PGPASSFILE names), in a service (PGSERVICE, or"
            " postgresql:///?service=NAME), or in a file of mode 0600 that `password_file` of"
            " [store] names"
        )
    return None


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The daemon's settings with their defaults."""

    state_dir: str | None = None
    """Where the database is."""
    runtime_dir: str | None = None
    """Where the sockets are."""
    store: StoreSettings = StoreSettings()
    """Where the state is kept, if not in a file of state_dir."""
    host_name: HostName | None = None
    """What this host is called among those that share a store; the machine's name without it."""
    log_format: Literal["json", "console"] = "console"
    """How log lines look on stderr."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least grave lines that are logged."""
    slow_request_ms: SlowMs = 1000
    """A request that takes this long is logged with what it waited for; waits are not."""
    slow_commit_ms: SlowMs = 500
    """A commit that takes this long is logged with what it waited for."""
    allowed_uids: list[Uid] = []
    """Users who may connect beside the daemon's own; the sockets' modes must let them, too."""
    max_connections: Annotated[int, Meta(ge=1, le=MAX_CONNECTIONS)] = MAX_CONNECTIONS
    """Open connections of all sockets together."""
    reader_threads: Annotated[int, Meta(ge=1, le=16)] = 2
    """Threads that answer queries, each with a read-only connection."""
    retention: dict[StreamKind, Rule] = {}
    """By kind of stream (or `*`): entries older_than_ms, all but keep_last, are pruned."""
    backends: dict[BackendProfile, dict[str, object]] = {}
    """By backend profile: its capabilities, any table, as backend.list answers them."""
    allowed_tenants: list[str] | None = None
    """Tenants for whom runs may be made; without this setting, any."""
    drain_ms: Annotated[int, Meta(ge=0, le=MAX_DRAIN_MS)] = 5000
    """How long a stop waits for open requests."""
    task_warn_ms: AgeMs = Staleness().warn_ms
    """A task whose heartbeat is older than this is on the level `warn`."""
    task_stale_ms: AgeMs = Staleness().stale_ms
    """The same for `stale`; more than task_warn_ms."""
    task_dead_ms: AgeMs = Staleness().dead_ms
    """The same for `dead`; more than task_stale_ms."""

    def __post_init__(self) -> None:
        """Refuse levels that no task could be on."""
        if not self.task_warn_ms < self.task_stale_ms < self.task_dead_ms:
            raise ValueError("task_warn_ms < task_stale_ms < task_dead_ms must hold")

    @property
    def host_label(self) -> str:
        """What this host is called, as a word that can be typed."""
        return self.host_name or _UNFIT_FOR_A_NAME.sub("-", os.uname().nodename)[:64] or "localhost"

    def rules(self) -> Rules:
        """Return what rooms are told."""
        tenants = self.allowed_tenants
        return Rules(
            host_name=self.host_label,
            retention=dict(self.retention),
            backends=dict(self.backends),
            allowed_tenants=None if tenants is None else frozenset(tenants),
            staleness=Staleness(
                warn_ms=self.task_warn_ms, stale_ms=self.task_stale_ms, dead_ms=self.task_dead_ms
            ),
        )


_TABLES: dict[str, tuple[str, type[msgspec.Struct]]] = {
    "store": ("[store]", StoreSettings),
    "retention[...]": ("[retention.KIND]", Rule),
}
"""Settings that are tables with settings of their own: as they are told, and what they hold."""


class UnusableSettings(Exception):
    """The configuration cannot be used; the message says why and what to do."""


def load(path: Path | None) -> Settings:
    """Read a TOML file, or return the defaults; raises UnusableSettings."""
    if path is None:
        return Settings()
    try:
        given = tomllib.loads(_read(path).decode(), parse_float=_finite)
        settings = msgspec.convert(given, Settings)
        _require_readable(settings.backends)
    except msgspec.ValidationError as error:
        raise UnusableSettings(f"{path}: {_explain(str(error))}") from error
    except PenholderError as error:
        raise UnusableSettings(f"{path}: {error.message.removeprefix('param ')}") from error
    except (OSError, ValueError, RecursionError) as error:
        # Of a number with thousands of digits, or of tables and lists in thousands of others, the
        # parser says something else than of what is no TOML.
        raise UnusableSettings(f"{path} cannot be read: {error}") from error
    return settings


def _finite(number: str) -> float:
    given = float(number)
    if not isfinite(given):
        raise ValueError(f"{number} is no finite number")
    return given


def _require_readable(backends: Mapping[str, object]) -> None:
    """Refuse what is answered to callers where it is none of the values that callers may send."""
    for profile, capabilities in backends.items():
        name = f"[backends.{profile}]"
        try:
            text = msgspec.json.encode(capabilities)
        except RecursionError:
            # How deep that is differs with the release of Python, and is deeper than the limit.
            raise values.too_deep(name) from None
        values.compact(Raw(text), name, must_be_object=True)


def with_store_url(settings: Settings, url: str, given_by: str) -> Settings:
    """Have another URL in the place of the file's; raises UnusableSettings."""
    problem = problem_of_url(url)
    if problem is not None:
        raise UnusableSettings(f"{given_by}: {problem}")
    store = msgspec.structs.replace(settings.store, url=url)
    return msgspec.structs.replace(settings, store=store)


def _read(path: Path) -> bytes:
    """Read what ends and is there at once: a daemon that serves must not wait for its settings."""
    # O_NONBLOCK: a pipe without a writer would keep the opening, and so the loop, waiting.
    with open(path, "rb", opener=lambda name, how: os.open(name, how | os.O_NONBLOCK)) as file:
        if stat.S_ISFIFO(os.fstat(file.fileno()).st_mode):
            raise UnusableSettings(f"{path} is a pipe; expected was a file")
        # One byte more than may be: so a file without an end is told from one that fits.
        found = file.read(_MAX_FILE_BYTES + 1)
    if len(found) > _MAX_FILE_BYTES:
        raise UnusableSettings(f"{path} has more than {_MAX_FILE_BYTES:,} bytes")
    return found


def _explain(reason: str) -> str:
    if unknown := _UNKNOWN.search(reason):
        return _explain_unknown(unknown[1], reason)
    if wrong := _NO_WORD.search(reason):
        [hint] = (each.type for each in msgspec.structs.fields(Settings) if each.name == wrong[2])
        known = get_args(hint)
        return f"`{wrong[2]}` may not be {wrong[1]!r}; {_instead(wrong[1], known)}"
    if _NO_KIND.search(reason):
        # Which one it was is not told; of so few it is soon seen.
        return f"[retention.KIND] is of a kind of stream; known are: {', '.join(_STREAM_KINDS)}"
    return patterns.explained(reason).replace("$.", "")


def _explain_unknown(name: str, reason: str) -> str:
    at = next((each for each in _TABLES if reason.endswith(f"`$.{each}`")), None)
    table, struct = ("", Settings) if at is None else _TABLES[at]
    known = [field.name for field in msgspec.structs.fields(struct)]
    where = f" in {table}" if table else ""
    return f"unknown setting `{name}`{where}; {_instead(name, known)}"


def _instead(given: str, known: Sequence[str]) -> str:
    nearest = difflib.get_close_matches(given, known, 1)
    hint = f"did you mean `{nearest[0]}`? " if nearest else ""
    return f"{hint}known are: {', '.join(known)}"
