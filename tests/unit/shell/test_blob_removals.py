"""Removals: bytes go only where no row knows of them, and not while somebody looks at all."""

import pytest
import trio

from penholder_protocol import errors
from penholder_protocol.limits import BLOB_UNNAMED_MS
from tests.helpers.blobs import id_of
from tests.helpers.harness import Bench
from tests.helpers.keeping import Keeping


@pytest.fixture
def keeping(bench: Bench) -> Keeping:
    """Give a keeper."""
    return Keeping(bench)


async def _settled() -> None:
    """Let everything that can go on now do so."""
    await trio.testing.wait_all_tasks_blocked()


async def test_what_has_no_row_is_removed_and_what_has_one_stays(keeping: Keeping) -> None:
    kept = (await keeping.put(b"one", last=True)).blob_id
    keeping.bytes.blobs[id_of(b"stray")] = b"stray"
    assert kept is not None
    async with keeping.running():
        keeping.keeper.remove([kept, id_of(b"stray")])
        await _settled()
    assert set(keeping.bytes.blobs) == {kept}


async def test_a_start_clears_away_what_a_crash_has_left(keeping: Keeping) -> None:
    kept = (await keeping.put(b"one", last=True)).blob_id
    strays = {id_of(bytes([each])): b"" for each in range(3)}
    keeping.bytes.blobs |= strays
    async with keeping.running():
        await _settled()
    assert set(keeping.bytes.blobs) == {kept}


async def test_what_is_put_again_before_it_is_removed_stays(keeping: Keeping) -> None:
    blob_id = (await keeping.put(b"one", last=True)).blob_id
    assert blob_id is not None
    keeping.bench.world.pass_ms(BLOB_UNNAMED_MS)
    keeping.bench.own("blob.forget_unnamed")
    keeping.keeper.remove([blob_id])
    async with keeping.running():
        await keeping.put(b"one", last=True)
        await _settled()
    assert keeping.has_row(blob_id)
    assert blob_id in keeping.bytes.blobs


async def test_what_is_put_at_any_moment_of_its_removal_keeps_its_bytes(keeping: Keeping) -> None:
    for turns in range(20):
        data = f"content {turns}".encode()
        # As a crash leaves it, or a prune.
        keeping.bytes.blobs[id_of(data)] = data
        async with keeping.running():
            keeping.keeper.remove([id_of(data)])
            for _ in range(turns):
                await trio.lowlevel.checkpoint()
            await keeping.put(data, last=True)
            await _settled()
        assert keeping.has_row(id_of(data))
        assert keeping.bytes.blobs[id_of(data)] == data


async def test_while_all_are_looked_at_nothing_is_removed(
    keeping: Keeping, autojump_clock: trio.testing.MockClock
) -> None:
    del autojump_clock
    keeping.bytes.blobs[id_of(b"stray")] = b"stray"
    async with keeping.running():
        with keeping.keeper.holds.held():
            keeping.keeper.remove([id_of(b"stray")])
            await trio.sleep(300)
            assert id_of(b"stray") in keeping.bytes.blobs
        await trio.sleep(120)
        assert keeping.bytes.blobs == {}


async def test_a_writer_that_cannot_write_removes_nothing_and_is_asked_again(
    keeping: Keeping, autojump_clock: trio.testing.MockClock
) -> None:
    del autojump_clock
    keeping.bytes.blobs[id_of(b"stray")] = b"stray"
    failing = errors.StoreFailed("full", outcome="nothing_written", reason="full")
    keeping.before_write = lambda _: failing
    async with keeping.running():
        keeping.keeper.remove([id_of(b"stray")])
        await trio.sleep(10)
        assert id_of(b"stray") in keeping.bytes.blobs
        keeping.before_write = lambda _: None
        await trio.sleep(120)
        assert keeping.bytes.blobs == {}
