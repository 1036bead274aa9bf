"""Who puts blobs and removes them, so that no row is ever without its bytes.

Bytes come to the disk aside, in threads, so that a slow one holds up only whom it concerns; rows
are the writer's. Between the two lies time in which somebody may be killed, and in which the same
content may be put by one and lose its last name by another:

- Bytes first, the row after. A crash in between leaves bytes without a row, and a start clears
  those away (`_clear_left_over`).
- The row's end first, the bytes' after. So bytes are removed only where the writer says that there
  is no row (`blob.without_row`), and nobody makes one meanwhile: from before the bytes get their
  name until the row is made, and likewise around a removal, one lock is held (`_changing`).
- Another host that shares the store takes no turns with this one. So where bytes are shared it is
  looked once more, by whoever makes a row and by whoever removes bytes (`Store.holds_bytes`).
- A look at all of them (a backup, a verify) works on a view, which knows of rows that may be gone
  by now. While one is underway nothing is removed (`Holds`).

Syncing, which may take long, is done before the lock is taken.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import ParamSpec, Protocol, TypeVar

import msgspec
import structlog
import trio

from penholder_daemon.core.blobs import BlobBytes, refuse_full, room_of
from penholder_daemon.core.caller import Caller
from penholder_daemon.core.own_calls import daemon_call
from penholder_daemon.core.registry import Registry
from penholder_daemon.core.store import StoreFault
from penholder_daemon.core.world import World
from penholder_daemon.shell.blobs.uploads import OpenUpload, Uploads, not_found
from penholder_daemon.shell.disk.blob_copies import Holds
from penholder_daemon.shell.fairness.write_queue import WriteJob
from penholder_daemon.shell.store.own_writes import answer_of
from penholder_protocol.errors import BlobNotFound, InvalidParams, PenholderError, StoreFailed
from penholder_protocol.nouns import Upload

log = structlog.get_logger()
P = ParamSpec("P")
T = TypeVar("T")

_AT_ONCE = 500
"""Blobs that are removed while nobody may make one."""
_TEND_SECONDS = 60.0
_THREADS = 4


class Aside(Protocol):
    """Carries out what may take as long as a disk, while everybody else goes on."""

    def __call__(self, act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Awaitable[T]:
        """Do it and return what comes of it."""


def in_threads() -> Aside:
    """Use a few threads of trio's."""
    limiter = trio.CapacityLimiter(_THREADS)

    async def aside(act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await trio.to_thread.run_sync(lambda: act(*args, **kwargs), limiter=limiter)

    return aside


class BlobKeeper:
    """Puts and removes blobs."""

    def __init__(
        self,
        bytes_: BlobBytes,
        world: World,
        registry: Registry,
        caller: Caller,
        submit: Callable[[WriteJob], None],
        aside: Aside,
    ) -> None:
        """Work on bytes `aside`, and have rows made by the writer; `caller` is the daemon."""
        self._bytes = bytes_
        self._world = world
        self._keep = registry.methods["blob.keep"]
        self._without_row = daemon_call(registry.methods["blob.without_row"], caller, {})
        self._submit = submit
        self._aside = aside
        self._uploads = Uploads()
        self._changing = trio.Lock()
        self._leaving: dict[str, None] = {}
        self._asked = trio.Event()
        self.holds = Holds()

    def of(self, caller: Caller) -> "CallersBlobs":
        """Return the port through which one caller puts blobs."""
        return CallersBlobs(self, caller)

    # --- putting ------------------------------------------------------------------------------
    async def put(
        self,
        caller: Caller,
        upload_id: str | None,
        offset: int,
        data: bytes,
        *,
        last: bool,
        stored_bytes: int,
    ) -> Upload:
        """Add a part to an upload, and with the last one make it a blob."""
        upload = await self._find(caller.scope, upload_id, offset)
        try:
            async with upload.lock:
                upload.refuse_over()
                upload.touched_ms = self._world.boottime_ms()
                upload.check(offset, data, last=last)
                await self._take(upload, offset, data, stored_bytes)
                if last and not upload.is_done:
                    await self._seal(upload, caller)
                return upload.record
        except StoreFault as fault:
            # Of what was not begun the caller has no id to go on with: it begins anew.
            if not upload.size:
                await _guarded(partial(self._end, upload))
            raise StoreFailed(
                f"{fault}; nothing of this part counts: send it again",
                outcome="nothing_written",
                reason=str(fault),
            ) from fault

    async def _find(self, scope: str, upload_id: str | None, offset: int) -> OpenUpload:
        if upload_id is None:
            if offset:
                raise InvalidParams(
                    f"the first part of an upload has offset 0, not {offset}; a further one names"
                    " its upload",
                    param="upload_id",
                )
            upload_id = self._world.new_id("up_")
        found = self._uploads.find(scope, upload_id, offset)
        if found is not None:
            return found
        upload = self._uploads.begin(scope, upload_id, self._world.boottime_ms())
        in_the_way = self._uploads.in_the_way(scope)
        if in_the_way is not None and in_the_way is not upload:
            await self._end(in_the_way)
        return upload

    async def _take(self, upload: OpenUpload, offset: int, data: bytes, stored_bytes: int) -> None:
        known = data[: upload.size - offset]
        if known and known != await self._read_again(upload, offset, len(known)):
            raise upload.refuse_other(offset)
        new = data[len(known) :]
        if new or not upload.size:
            more = room_of(upload.size + len(new)) - upload.room
            refuse_full(stored_bytes + self._uploads.room, more)
            await self._aside(self._write, upload, new)
            # Only now: what could not be written can be sent again, to the same place.
            upload.size += len(new)

    def _write(self, upload: OpenUpload, data: bytes) -> None:
        # Both in one go: between two a cancellation could come, and leave one without the other.
        self._bytes.write(upload.name, upload.size, data)
        upload.hasher.update(data)

    async def _read_again(self, upload: OpenUpload, offset: int, limit: int) -> bytes | None:
        if upload.sealed_as is None:
            return await self._aside(self._bytes.read_upload, upload.name, offset, limit)
        return await self._aside(self._bytes.read, upload.sealed_as, offset, limit)

    async def _seal(self, upload: OpenUpload, caller: Caller) -> None:
        await self._aside(self._bytes.sync, upload.name)
        blob_id = f"sha256-{upload.hasher.hexdigest()}"
        async with self._changing:
            if not await self._aside(self._bytes.seal, upload.name, blob_id):
                self._uploads.forget(upload)
                raise not_found(upload.upload_id)
            upload.sealed_as = blob_id
            arguments: dict[str, object] = {"blob_id": blob_id, "size": upload.size}
            answer = await answer_of(self._submit, daemon_call(self._keep, caller, arguments))
        if isinstance(answer, PenholderError):
            # Where it may be tried again its bytes wait for that, as long as the upload is there.
            if not answer.retryable:
                await self._end_unlocked(upload)
            if isinstance(answer, BlobNotFound):
                raise not_found(upload.upload_id)
            raise answer
        upload.is_done = True

    # --- ends ---------------------------------------------------------------------------------
    async def _end(self, upload: OpenUpload) -> None:
        async with upload.lock:
            if not upload.is_over:
                await self._end_unlocked(upload)

    async def _end_unlocked(self, upload: OpenUpload) -> None:
        self._uploads.forget(upload)
        if upload.sealed_as is None:
            await self._aside(self._bytes.drop, upload.name)
        elif not upload.is_done:
            self.remove([upload.sealed_as])

    def remove(self, blob_ids: Iterable[str]) -> None:
        """Remove the bytes of what has no row, by and by."""
        self._leaving |= dict.fromkeys(blob_ids)
        self._asked.set()

    async def run(self) -> None:
        """Clear away what nobody knows of, now and from now on."""
        await _guarded(self._clear_left_over)
        while True:
            with trio.move_on_after(_TEND_SECONDS):
                await self._asked.wait()
            self._asked = trio.Event()
            await _guarded(self._tend)

    async def _clear_left_over(self) -> None:
        found = self._bytes.left_over()
        while blob_ids := await self._aside(lambda: list(islice(found, _AT_ONCE))):
            await self._remove(blob_ids)

    async def _tend(self) -> None:
        for upload in self._uploads.silent(self._world.boottime_ms()):
            await self._end(upload)
        while self._leaving and not self.holds.is_held:
            blob_ids = list(islice(self._leaving, _AT_ONCE))
            for blob_id in blob_ids:
                del self._leaving[blob_id]
            try:
                await self._remove(blob_ids)
            except StoreFault:
                # For the next time, and no sooner.
                self._leaving |= dict.fromkeys(blob_ids)
                raise

    async def _remove(self, blob_ids: list[str]) -> None:
        async with self._changing:
            gone = await self._of_those_without_row(blob_ids)
            if self.holds.is_held:
                self.remove(gone)
            else:
                await self._aside(self._bytes.remove, gone)

    async def _of_those_without_row(self, blob_ids: list[str]) -> list[str]:
        call = daemon_call(
            self._without_row.method, self._without_row.caller, {"blob_ids": blob_ids}
        )
        answer = await answer_of(self._submit, call)
        if isinstance(answer, PenholderError):
            raise StoreFault(str(answer))
        return msgspec.json.decode(answer, type=list[str])


@dataclass(frozen=True)
class CallersBlobs:
    """Implements `Blobs` for one caller."""

    keeper: BlobKeeper
    caller: Caller

    async def put(
        self, upload_id: str | None, offset: int, data: bytes, *, last: bool, stored_bytes: int
    ) -> Upload:
        """Add a part to an upload, and with the last one make it a blob."""
        return await self.keeper.put(
            self.caller, upload_id, offset, data, last=last, stored_bytes=stored_bytes
        )


async def _guarded(tend: Callable[[], Awaitable[None]]) -> None:
    """Have a disk that fails keep nobody from anything: what stays is removed later."""
    try:
        await tend()
    except StoreFault as fault:
        log.warning("blobs that nobody names could not be removed", reason=str(fault))
