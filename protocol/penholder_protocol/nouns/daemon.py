"""Records of the daemon room: health and status."""

from typing import Literal

from penholder_protocol.nouns._base import Record
from penholder_protocol.nouns.words import Position, Time


class Health(Record, frozen=True, kw_only=True):
    """Whether the store can be read and written."""

    adapter: Literal["sqlite", "postgresql"]
    ready: bool
    reachable: bool
    migration_ready: bool
    migration_id: str | None
    failure_kind: str | None
    message: str | None


class DaemonStatus(Record, frozen=True, kw_only=True):
    """The daemon in figures; `workers` counts them by state.

    `host_id` is made at a state directory's first start and kept there; `host_name` is a setting.
    `held_bytes` is what connections make the daemon hold (at `held_bytes_limit` the one that holds
    most is ended), `unserved_workers` are those whose socket cannot be served at the moment.
    `blob_bytes` is what all blobs count for (MAX_BLOBS_BYTES at most).
    `store` names the file or the database of PostgreSQL that keeps the state.
    `store_fault` says why nothing can be written at the moment, and is null when all is well. Where
    nothing can be read either `workers` is empty, `blob_bytes` 0, and `pos` what was heard last.
    """

    version: str
    pid: int
    boot_id: str
    started_at: Time
    host_id: str
    host_name: str
    state_dir: str
    runtime_dir: str
    store: str = ""
    sqlite_version: str
    schema_version: int
    workers: dict[str, int]
    connections: int
    subscriptions: int
    writer_queue: int
    held_bytes: int
    held_bytes_limit: int
    unserved_workers: int
    store_fault: str | None
    wal_bytes: int
    db_bytes: int
    blob_bytes: int = 0
    pos: Position


class Stopping(Record, frozen=True, kw_only=True):
    """The daemon finishes what it has and exits."""

    stopping: bool


class Metrics(Record, frozen=True, kw_only=True):
    """All figures in the text format of Prometheus."""

    text: str


class Backup(Record, frozen=True, kw_only=True):
    """A verified copy of the database; it holds everything up to `pos`.

    `removed` are the older backups that `keep_last` did not keep.
    """

    path: str
    bytes: int
    blob_bytes: int = 0
    """Of its blobs; where there are any they lie in the directory `path` with .blobs behind it."""
    pos: Position
    removed: list[str]


class Finding(Record, frozen=True, kw_only=True):
    """Something that should not be: which check found it, and what."""

    check: str
    detail: str


class Verification(Record, frozen=True, kw_only=True):
    """What daemon.verify found; `ok` if nothing."""

    ok: bool
    findings: list[Finding]


class PrunedStream(Record, frozen=True, kw_only=True):
    """What was taken from one stream, and where it begins now."""

    stream: str
    entries: int
    oldest_seq: int


class Pruned(Record, frozen=True, kw_only=True):
    """What daemon.prune took, or with dry_run would take.

    `more`: call again for the rest, with `next` as the cursor.
    """

    entries: int
    streams: list[PrunedStream]
    more: bool
    next: str | None
    dry_run: bool
