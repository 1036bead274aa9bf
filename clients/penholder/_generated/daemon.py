"""The calls of the daemon room. Made by `python -m penholder_daemon.generate`; do not edit."""

from collections.abc import Sequence
from typing import Final

from msgspec import UNSET, UnsetType
from msgspec.json import Decoder

from penholder._callers import AsyncCaller, Caller
from penholder_protocol import nouns


_BACKUP: Final[Decoder[nouns.Backup]] = Decoder(nouns.Backup)
_DAEMON_STATUS: Final[Decoder[nouns.DaemonStatus]] = Decoder(nouns.DaemonStatus)
_DICT_STR_OBJECT: Final[Decoder[dict[str, object]]] = Decoder(dict[str, object])
_HEALTH: Final[Decoder[nouns.Health]] = Decoder(nouns.Health)
_METRICS: Final[Decoder[nouns.Metrics]] = Decoder(nouns.Metrics)
_PRUNED: Final[Decoder[nouns.Pruned]] = Decoder(nouns.Pruned)
_STOPPING: Final[Decoder[nouns.Stopping]] = Decoder(nouns.Stopping)
_VERIFICATION: Final[Decoder[nouns.Verification]] = Decoder(nouns.Verification)


class DaemonCalls:
    """The daemon room, blocking."""

    __slots__ = ("_client",)

    def __init__(self, client: Caller) -> None:
        """Call through a client."""
        self._client = client

    def health(self) -> nouns.Health:
        """Tell whether the store can be read (reachable) and written (ready)."""
        return self._client.ask("daemon.health", {}, _HEALTH)

    def status(self) -> nouns.DaemonStatus:
        """Return the daemon in figures, also where the store cannot be read."""
        return self._client.ask("daemon.status", {}, _DAEMON_STATUS)

    def metrics(self) -> nouns.Metrics:
        """Return all figures in the text format of Prometheus."""
        return self._client.ask("daemon.metrics", {}, _METRICS)

    def config(self) -> dict[str, object]:
        """Return the settings in force."""
        return self._client.ask("daemon.config", {}, _DICT_STR_OBJECT)

    def verify(self, *, deep: bool | UnsetType = UNSET) -> nouns.Verification:
        """Look for damage in the file and for broken invariants; `deep` reads all of every index."""
        return self._client.ask("daemon.verify", {"deep": deep}, _VERIFICATION)

    def backup(
        self,
        *,
        path: str | None | UnsetType = UNSET,
        keep_last: int | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Backup:
        """Copy the database, while it serves, to a new file: verified, synced, mode 0600.

        Its blobs go to a directory beside it, with the same name and .blobs behind it.

        Without a path it goes to `backups` in the state directory under a name that tells the time,
        and `keep_last` removes all but the newest so many of that kind, once the new one is safe.
        """
        return self._client.ask("daemon.backup", {
            "path": path,
            "keep_last": keep_last,
            "idempotency_key": idempotency_key,
        }, _BACKUP)

    def prune(
        self,
        *,
        older_than_ms: int | None | UnsetType = UNSET,
        keep_last: int | None | UnsetType = UNSET,
        streams: Sequence[str] | None | UnsetType = UNSET,
        dry_run: bool | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Pruned:
        """Delete the oldest entries of streams: those older than, and all but the last so many.

        Takes up to MAX_PRUNE entries at once, of up to MAX_PRUNE_STREAMS streams, and looks at up to
        MAX_PRUNE_LOOKS; `more` says that there may be more to take: pass `next` as `cursor`. Numbering
        goes on, and a cursor of a stream before what was taken gets CURSOR_GONE.
        """
        return self._client.ask("daemon.prune", {
            "older_than_ms": older_than_ms,
            "keep_last": keep_last,
            "streams": streams,
            "dry_run": dry_run,
            "cursor": cursor,
            "idempotency_key": idempotency_key,
        }, _PRUNED)

    def shutdown(
        self,
        *,
        drain_ms: int | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Stopping:
        """Have the daemon finish what it has, for at most `drain_ms`, and exit.

        Asked for with less time it shortens a stop that is underway. Sent again under a known key it
        stops nothing, not even a daemon that was started since.
        """
        return self._client.ask("daemon.shutdown", {
            "drain_ms": drain_ms,
            "idempotency_key": idempotency_key,
        }, _STOPPING)


class AsyncDaemonCalls:
    """The daemon room, awaited."""

    __slots__ = ("_client",)

    def __init__(self, client: AsyncCaller) -> None:
        """Call through a client."""
        self._client = client

    async def health(self) -> nouns.Health:
        """Tell whether the store can be read (reachable) and written (ready)."""
        return await self._client.ask("daemon.health", {}, _HEALTH)

    async def status(self) -> nouns.DaemonStatus:
        """Return the daemon in figures, also where the store cannot be read."""
        return await self._client.ask("daemon.status", {}, _DAEMON_STATUS)

    async def metrics(self) -> nouns.Metrics:
        """Return all figures in the text format of Prometheus."""
        return await self._client.ask("daemon.metrics", {}, _METRICS)

    async def config(self) -> dict[str, object]:
        """Return the settings in force."""
        return await self._client.ask("daemon.config", {}, _DICT_STR_OBJECT)

    async def verify(self, *, deep: bool | UnsetType = UNSET) -> nouns.Verification:
        """Look for damage in the file and for broken invariants; `deep` reads all of every index."""
        return await self._client.ask("daemon.verify", {"deep": deep}, _VERIFICATION)

    async def backup(
        self,
        *,
        path: str | None | UnsetType = UNSET,
        keep_last: int | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Backup:
        """Copy the database, while it serves, to a new file: verified, synced, mode 0600.

        Its blobs go to a directory beside it, with the same name and .blobs behind it.

        Without a path it goes to `backups` in the state directory under a name that tells the time,
        and `keep_last` removes all but the newest so many of that kind, once the new one is safe.
        """
        return await self._client.ask("daemon.backup", {
            "path": path,
            "keep_last": keep_last,
            "idempotency_key": idempotency_key,
        }, _BACKUP)

    async def prune(
        self,
        *,
        older_than_ms: int | None | UnsetType = UNSET,
        keep_last: int | None | UnsetType = UNSET,
        streams: Sequence[str] | None | UnsetType = UNSET,
        dry_run: bool | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Pruned:
        """Delete the oldest entries of streams: those older than, and all but the last so many.

        Takes up to MAX_PRUNE entries at once, of up to MAX_PRUNE_STREAMS streams, and looks at up to
        MAX_PRUNE_LOOKS; `more` says that there may be more to take: pass `next` as `cursor`. Numbering
        goes on, and a cursor of a stream before what was taken gets CURSOR_GONE.
        """
        return await self._client.ask("daemon.prune", {
            "older_than_ms": older_than_ms,
            "keep_last": keep_last,
            "streams": streams,
            "dry_run": dry_run,
            "cursor": cursor,
            "idempotency_key": idempotency_key,
        }, _PRUNED)

    async def shutdown(
        self,
        *,
        drain_ms: int | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Stopping:
        """Have the daemon finish what it has, for at most `drain_ms`, and exit.

        Asked for with less time it shortens a stop that is underway. Sent again under a known key it
        stops nothing, not even a daemon that was started since.
        """
        return await self._client.ask("daemon.shutdown", {
            "drain_ms": drain_ms,
            "idempotency_key": idempotency_key,
        }, _STOPPING)
