"""Uploads: parts that come, again, late, at once, or not at all; and disks that fail."""

import threading
from functools import partial

import pytest
import trio

from penholder_daemon.core.caller import Caller
from penholder_daemon.shell.blobs import uploads
from penholder_daemon.shell.blobs.keeper import in_threads
from penholder_protocol import errors
from penholder_protocol.limits import BLOB_UNNAMED_MS, MAX_BLOBS_BYTES, MAX_UPLOADS
from penholder_protocol.nouns import Upload
from tests.helpers.blobs import id_of
from tests.helpers.harness import Bench
from tests.helpers.keeping import ADA, BOB, Keeping


@pytest.fixture
def keeping(bench: Bench) -> Keeping:
    """Give a keeper."""
    return Keeping(bench)


async def _settled() -> None:
    """Let everything that can go on now do so."""
    await trio.testing.wait_all_tasks_blocked()


# --- parts --------------------------------------------------------------------------------------
async def test_parts_become_a_blob_with_the_last_one(keeping: Keeping) -> None:
    first = await keeping.put(b"one")
    assert first == Upload(upload_id="up_1", blob_id=None, size=3)
    assert await keeping.put(b"two", "up_1", 3) == Upload(upload_id="up_1", blob_id=None, size=6)
    done = await keeping.put(b"3", "up_1", 6, last=True)
    assert done == Upload(upload_id="up_1", blob_id=id_of(b"onetwo3"), size=7)
    assert keeping.bytes.blobs == {id_of(b"onetwo3"): b"onetwo3"}
    assert keeping.has_row(id_of(b"onetwo3"))


async def test_an_empty_blob_is_one_too(keeping: Keeping) -> None:
    assert (await keeping.put(b"", last=True)).blob_id == id_of(b"")
    assert keeping.bytes.blobs == {id_of(b""): b""}


async def test_the_last_part_may_bring_nothing(keeping: Keeping) -> None:
    await keeping.put(b"one", "mine")
    assert (await keeping.put(b"", "mine", 3, last=True)).blob_id == id_of(b"one")


@pytest.mark.parametrize("last", [False, True])
async def test_a_part_that_is_sent_again_changes_nothing(keeping: Keeping, last: bool) -> None:
    await keeping.put(b"one", "mine")
    answers = [await keeping.put(b"two", "mine", 3, last=last) for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert answers[0].size == 6
    # Also the first one, and all of it at once.
    assert (await keeping.put(b"one", "mine")).size == 6
    assert (await keeping.put(b"onetwo", "mine", last=True)).blob_id == id_of(b"onetwo")


async def test_a_part_may_overlap_what_is_there(keeping: Keeping) -> None:
    await keeping.put(b"onet", "mine")
    assert (await keeping.put(b"two", "mine", 3, last=True)).blob_id == id_of(b"onetwo")


async def test_other_bytes_where_some_are_are_refused(keeping: Keeping) -> None:
    await keeping.put(b"onetwo", "mine")
    for offset, data in ((0, b"xne"), (3, b"twx"), (5, b"xyz")):
        with pytest.raises(errors.InvalidParams) as refused:
            await keeping.put(data, "mine", offset)
        assert refused.value.details["size"] == 6
    assert (await keeping.put(b"", "mine", 6, last=True)).blob_id == id_of(b"onetwo")


@pytest.mark.parametrize("is_done", [False, True])
async def test_a_part_amid_what_is_there_is_not_the_last_one(
    keeping: Keeping, is_done: bool
) -> None:
    await keeping.put(b"onetwo", "mine", last=is_done)
    for offset, data in ((0, b""), (0, b"one"), (3, b"tw")):
        with pytest.raises(errors.InvalidParams) as refused:
            await keeping.put(data, "mine", offset, last=True)
        assert refused.value.details == {"param": "last", "upload_id": "mine", "size": 6}
    if not is_done:
        assert (await keeping.put(b"3", "mine", 6, last=True)).blob_id == id_of(b"onetwo3")


async def test_a_gap_is_refused_with_where_to_go_on(keeping: Keeping) -> None:
    await keeping.put(b"one", "mine")
    with pytest.raises(errors.InvalidParams) as refused:
        await keeping.put(b"x", "mine", 4)
    assert refused.value.details == {"param": "offset", "upload_id": "mine", "size": 3}


async def test_what_is_done_takes_no_more(keeping: Keeping) -> None:
    await keeping.put(b"one", "mine", last=True)
    for offset in (3, 2):
        with pytest.raises(errors.InvalidParams):
            await keeping.put(b"exx", "mine", offset)
    with pytest.raises(errors.InvalidParams):
        await keeping.put(b"xne", "mine")
    # Without more of it, also a part that is not called the last one says what became of it.
    assert (await keeping.put(b"ne", "mine", 1)).blob_id == id_of(b"one")


async def test_an_unknown_upload_begins_at_its_beginning_only(keeping: Keeping) -> None:
    with pytest.raises(errors.UploadNotFound):
        await keeping.put(b"x", "mine", 1)
    assert (await keeping.put(b"x", "mine")).size == 1
    with pytest.raises(errors.InvalidParams) as refused:
        await keeping.put(b"x", None, 1)
    assert refused.value.details == {"param": "upload_id"}


async def test_uploads_of_two_callers_have_nothing_in_common(keeping: Keeping) -> None:
    await keeping.put(b"one", "mine")
    with pytest.raises(errors.UploadNotFound):
        await keeping.put(b"x", "mine", 3, caller=BOB)
    assert (await keeping.put(b"other", "mine", caller=BOB)).size == 5
    assert (await keeping.put(b"", "mine", 3, last=True)).blob_id == id_of(b"one")


async def test_the_same_content_at_once_is_one_blob(keeping: Keeping) -> None:
    found: list[Upload] = []

    async def put(upload_id: str, caller: Caller) -> None:
        await keeping.put(b"a", upload_id, caller=caller)
        found.append(await keeping.put(b"b", upload_id, 1, last=True, caller=caller))

    async with trio.open_nursery() as nursery:
        for each in range(8):
            nursery.start_soon(put, f"u{each}", ADA if each % 2 else BOB)
    assert {each.blob_id for each in found} == {id_of(b"ab")}
    assert keeping.bytes.blobs == {id_of(b"ab"): b"ab"}
    assert keeping.bench.call("daemon.status")["blob_bytes"] == 4096


async def test_two_parts_at_once_of_one_upload_come_one_after_the_other(keeping: Keeping) -> None:
    await keeping.put(b"-", "mine")
    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(keeping.put, b"same", "mine", 1)
    assert (await keeping.put(b"", "mine", 5, last=True)).blob_id == id_of(b"-same")


# --- limits -------------------------------------------------------------------------------------
async def test_what_is_being_put_counts_too(keeping: Keeping) -> None:
    keeping.stored_bytes = MAX_BLOBS_BYTES - 8192
    await keeping.put(b"x" * 4096, "one")
    await keeping.put(b"x", "two")
    with pytest.raises(errors.BlobsFull):
        await keeping.put(b"x", "three")
    with pytest.raises(errors.BlobsFull):
        await keeping.put(b"x", "one", 4096)
    # Within its block, and again what is there.
    assert (await keeping.put(b"xy", "two")).size == 2


async def test_at_the_limit_the_one_that_is_silent_for_longest_makes_room(keeping: Keeping) -> None:
    for each in range(MAX_UPLOADS):
        await keeping.put(b"x", f"u{each}")
        keeping.bench.world.pass_ms(1)
    await keeping.put(b"y", "u0", 1)
    await keeping.put(b"x", "one more")
    await keeping.put(b"x", "of another", caller=BOB)
    with pytest.raises(errors.UploadNotFound):
        await keeping.put(b"y", "u1", 1)
    assert (await keeping.put(b"z", "u0", 2)).size == 3
    assert len(keeping.bytes.uploads) == MAX_UPLOADS + 1


async def test_one_that_is_done_makes_room_first(keeping: Keeping) -> None:
    await keeping.put(b"x", "open")
    keeping.bench.world.pass_ms(1)
    for each in range(MAX_UPLOADS + 3):
        await keeping.put(b"x", f"done{each}", last=True)
    assert (await keeping.put(b"y", "open", 1)).size == 2


async def test_an_upload_ends_an_hour_after_its_last_part(
    keeping: Keeping, autojump_clock: trio.testing.MockClock
) -> None:
    del autojump_clock
    await keeping.put(b"x", "old")
    await keeping.put(b"x", "kept", last=True)
    keeping.bench.world.pass_ms(BLOB_UNNAMED_MS)
    await keeping.put(b"x", "young")
    async with keeping.running():
        await trio.sleep(120)
    assert len(keeping.bytes.uploads) == 1
    with pytest.raises(errors.UploadNotFound):
        await keeping.put(b"y", "old", 1)
    assert (await keeping.put(b"y", "young", 1)).size == 2
    assert keeping.has_row(id_of(b"x"))


# --- what fails ---------------------------------------------------------------------------------
async def test_a_part_that_could_not_be_written_can_be_sent_again(keeping: Keeping) -> None:
    await keeping.put(b"one", "mine")
    keeping.bytes.fail_at = "write"
    with pytest.raises(errors.StoreFailed) as failed:
        await keeping.put(b"two!", "mine", 3)
    assert failed.value.details["outcome"] == "nothing_written"
    assert (await keeping.put(b"two", "mine", 3, last=True)).blob_id == id_of(b"onetwo")
    assert keeping.bytes.blobs[id_of(b"onetwo")] == b"onetwo"


@pytest.mark.parametrize("at", ["sync", "seal"])
async def test_a_blob_that_could_not_be_synced_is_none_and_can_be_finished(
    keeping: Keeping, at: str
) -> None:
    keeping.bytes.fail_at = at
    with pytest.raises(errors.StoreFailed):
        await keeping.put(b"one", "mine", last=True)
    assert not keeping.has_row(id_of(b"one"))
    assert (await keeping.put(b"one", "mine", last=True)).blob_id == id_of(b"one")
    assert keeping.has_row(id_of(b"one"))


@pytest.mark.parametrize(
    "refusal", [errors.Busy(), errors.StoreFailed("full", outcome="nothing_written", reason="full")]
)
async def test_where_the_row_could_not_be_made_the_same_part_makes_it(
    keeping: Keeping, refusal: errors.PenholderError
) -> None:
    await keeping.put(b"o", "mine")
    keeping.before_write = lambda _: refusal
    with pytest.raises(type(refusal)):
        await keeping.put(b"ne", "mine", 1, last=True)
    keeping.before_write = lambda _: None
    # Nothing is told of it before it can be named.
    assert (await keeping.put(b"ne", "mine", 1)).blob_id is None
    assert (await keeping.put(b"ne", "mine", 1, last=True)).blob_id == id_of(b"one")
    assert keeping.has_row(id_of(b"one"))


async def test_where_the_row_is_refused_for_good_the_bytes_go(keeping: Keeping) -> None:
    keeping.before_write = lambda job: (
        errors.BlobsFull() if job.call.method.name == "blob.keep" else None
    )
    with pytest.raises(errors.BlobsFull):
        await keeping.put(b"one", "mine", last=True)
    async with keeping.running():
        await _settled()
    assert keeping.bytes.blobs == {}
    with pytest.raises(errors.UploadNotFound):
        await keeping.put(b"x", "mine", 3)


async def test_where_another_host_has_removed_the_bytes_meanwhile_it_is_put_anew(
    keeping: Keeping,
) -> None:
    keeping.before_write = lambda _: errors.BlobNotFound()
    with pytest.raises(errors.UploadNotFound, match="begin anew"):
        await keeping.put(b"one", "mine", last=True)
    keeping.before_write = lambda _: None
    assert (await keeping.put(b"one", "mine", last=True)).blob_id == id_of(b"one")
    assert keeping.has_row(id_of(b"one"))


async def test_who_waits_for_an_upload_that_ends_meanwhile_is_told(keeping: Keeping) -> None:
    keeping.before_write = lambda _: errors.BlobsFull()
    refusals: list[str] = []

    async def put() -> None:
        with pytest.raises(errors.PenholderError) as refused:
            await keeping.put(b"one", "mine", last=True)
        refusals.append(refused.value.code)

    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(put)
    assert refusals == ["BLOBS_FULL", "UPLOAD_NOT_FOUND", "UPLOAD_NOT_FOUND"]


async def test_a_peer_that_goes_amid_the_last_part_leaves_it_to_be_sent_again(
    keeping: Keeping,
) -> None:
    """Cancelled at each point in turn; the same part always comes to the same blob."""
    cancelled = 0
    for turns in range(12):
        upload_id = f"u{turns}"
        data = f"content {turns}".encode()
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_cancel_after, scope, turns)
                await keeping.put(data, upload_id, last=True)
                nursery.cancel_scope.cancel()
        cancelled += scope.cancelled_caught
        assert (await keeping.put(data, upload_id, last=True)).blob_id == id_of(data)
        assert keeping.bytes.blobs[id_of(data)] == data
        assert keeping.has_row(id_of(data))
    assert 3 <= cancelled < 12


async def _cancel_after(scope: trio.CancelScope, turns: int) -> None:
    for _ in range(turns):
        await trio.lowlevel.checkpoint()
    scope.cancel()


async def test_while_a_disk_takes_its_time_the_loop_goes_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real threads: a sync that never comes back holds up nobody but who waits for it."""
    keeping = Keeping(bench, in_threads())
    is_syncing, may_go_on = trio.Event(), threading.Event()
    token = trio.lowlevel.current_trio_token()

    def sync(_: str) -> None:
        token.run_sync_soon(is_syncing.set)
        assert may_go_on.wait(timeout=30)

    monkeypatch.setattr(keeping.bytes, "sync", sync)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(partial(keeping.put, b"slow", "slow", last=True))
        await is_syncing.wait()
        assert (await keeping.put(b"quick", "quick")).size == 5
        assert not keeping.has_row(id_of(b"slow"))
        may_go_on.set()
    assert keeping.has_row(id_of(b"slow"))


def test_a_name_is_never_used_twice() -> None:
    all_ = uploads.Uploads()
    first = all_.begin("a", "u", 0)
    all_.forget(first)
    assert all_.begin("a", "u", 0).name != first.name
