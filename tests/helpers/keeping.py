"""A keeper of blobs over bytes in memory and a real writer without threads."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import trio

from penholder_daemon.core.caller import CONTROL, Caller
from penholder_daemon.core.commit import Answer
from penholder_daemon.shell.blobs.keeper import Aside, BlobKeeper
from penholder_daemon.shell.fairness.write_queue import WriteJob
from penholder_protocol.nouns import Upload
from tests.helpers.blobs import MemoryBlobs, in_turn
from tests.helpers.harness import DAEMON, Bench

ADA, BOB = Caller(CONTROL, 1000, 50), Caller(CONTROL, 1001, 51)


class Keeping:
    """A keeper over a bench, and what it works on."""

    def __init__(self, bench: Bench, aside: Aside = in_turn) -> None:
        """Put it together."""
        self.bench = bench
        self.bytes = MemoryBlobs()
        self.stored_bytes = 0
        self.before_write: Callable[[WriteJob], Answer | None] = lambda _: None
        self.keeper = BlobKeeper(
            self.bytes, bench.world, bench.registry, DAEMON, self._submit, aside
        )

    def _submit(self, job: WriteJob) -> None:
        answer = self.before_write(job)
        if answer is None:
            (answer,) = self.bench.run([job.call])
        job.done(answer)

    async def put(
        self,
        data: bytes,
        upload_id: str | None = None,
        offset: int = 0,
        *,
        last: bool = False,
        caller: Caller = ADA,
    ) -> Upload:
        """Put a part."""
        return await self.keeper.of(caller).put(
            upload_id, offset, data, last=last, stored_bytes=self.stored_bytes
        )

    def has_row(self, blob_id: str) -> bool:
        """Tell whether the writer knows a blob."""
        return not self.bench.own("blob.without_row", blob_ids=[blob_id])

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Have it clear away."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.keeper.run)
            yield
            nursery.cancel_scope.cancel()
