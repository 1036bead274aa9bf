"""What can be configured: a TOML file, checked, under the command line's flags.

Every setting is documented in docs/settings.md; a test compares the two.
"""

import difflib
import re
import tomllib
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from penholder_daemon.core.rules import Rule, Rules
from penholder_protocol.limits import MAX_CONNECTIONS, MAX_DRAIN_MS

_UNKNOWN = re.compile(r"unknown field `([^`]*)`")

StreamKind = Annotated[str, Meta(pattern=r"^(worker|controller|run|board|topic|queue|daemon|\*)$")]
Uid = Annotated[int, Meta(ge=0, le=(1 << 32) - 2)]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The daemon's settings with their defaults."""

    state_dir: str | None = None
    """Where the database is."""
    runtime_dir: str | None = None
    """Where the sockets are."""
    log_format: Literal["json", "console"] = "console"
    """How log lines look on stderr."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least grave lines that are logged."""
    allowed_uids: list[Uid] = []
    """Users who may connect beside the daemon's own; the sockets' modes must let them, too."""
    max_connections: Annotated[int, Meta(ge=1, le=MAX_CONNECTIONS)] = MAX_CONNECTIONS
    """Open connections of all sockets together."""
    reader_threads: Annotated[int, Meta(ge=1, le=16)] = 2
    """Threads that answer queries, each with a read-only connection."""
    retention: dict[StreamKind, Rule] = {}
    """By kind of stream (or `*`): entries older_than_ms, all but keep_last, are pruned."""
    drain_ms: Annotated[int, Meta(ge=0, le=MAX_DRAIN_MS)] = 5000
    """How long a stop waits for open requests."""

    def rules(self) -> Rules:
        """Return what rooms are told."""
        return Rules(retention=dict(self.retention))


class UnusableSettings(Exception):
    """The configuration cannot be used; the message says why and what to do."""


def load(path: Path | None) -> Settings:
    """Read a TOML file, or return the defaults; raises UnusableSettings."""
    if path is None:
        return Settings()
    try:
        given = tomllib.loads(path.read_text("utf-8"))
        return msgspec.convert(given, Settings)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UnusableSettings(f"{path} cannot be read: {error}") from error
    except msgspec.ValidationError as error:
        raise UnusableSettings(f"{path}: {_explain(str(error))}") from error


def _explain(reason: str) -> str:
    unknown = _UNKNOWN.search(reason)
    if not unknown:
        return reason.replace("$.", "")
    known = [field.name for field in msgspec.structs.fields(Settings)]
    nearest = difflib.get_close_matches(unknown[1], known, 1)
    hint = f"did you mean `{nearest[0]}`? " if nearest else ""
    return f"unknown setting `{unknown[1]}`; {hint}known are: {', '.join(known)}"
