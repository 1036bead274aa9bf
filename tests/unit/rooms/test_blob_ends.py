"""How blobs end: after an hour, with the last name, in parts; and what verify looks for."""

import pytest

from penholder_daemon.core import blobs as core_blobs
from penholder_daemon.core.effects import RemoveBlobs
from penholder_daemon.core.handed_out import HandedOut
from penholder_protocol import errors
from penholder_protocol.limits import BLOB_UNNAMED_MS, MAX_BLOBS
from tests.helpers.blobs import id_of
from tests.helpers.harness import Bench, Json

HOUR_MS = BLOB_UNNAMED_MS
UNKNOWN = id_of(b"never put")


def _append(bench: Bench, *blob_ids: str, worker_id: str = "w1") -> Json:
    return bench.call("event.append", worker_id=worker_id, type="x", blobs=list(blob_ids))


def _removed(bench: Bench) -> list[str]:
    effects = (each for each in bench.effects if isinstance(each, RemoveBlobs))
    return [blob_id for each in effects for blob_id in each.blob_ids]


def _is_known(bench: Bench, blob_id: str) -> bool:
    try:
        bench.call("blob.get", blob_id=blob_id)
    except errors.BlobNotFound:
        return False
    return True


@pytest.fixture
def with_worker(bench: Bench) -> Bench:
    """Give a worker."""
    bench.worker()
    return bench


# --- ends ---------------------------------------------------------------------------------------
def test_what_nobody_names_goes_after_an_hour(bench: Bench) -> None:
    blob_id = bench.blob(b"one")
    bench.world.pass_ms(HOUR_MS - 1)
    due_ms = bench.own("blob.forget_unnamed")
    assert due_ms == bench.world.boottime_ms() + 1
    assert _is_known(bench, blob_id)
    bench.world.pass_ms(1)
    assert bench.own("blob.forget_unnamed") == bench.world.boottime_ms() + HOUR_MS
    assert not _is_known(bench, blob_id)
    assert _removed(bench) == [blob_id]
    assert bench.call("daemon.status")["blob_bytes"] == 0


def test_put_again_it_has_its_hour_anew(bench: Bench) -> None:
    blob_id = bench.blob(b"one")
    bench.world.pass_ms(HOUR_MS - 1)
    assert bench.blob(b"one") == blob_id
    bench.world.pass_ms(HOUR_MS - 1)
    bench.own("blob.forget_unnamed")
    assert _is_known(bench, blob_id)
    assert bench.call("daemon.status")["blob_bytes"] == 4096


def test_what_is_named_stays_for_ever(with_worker: Bench) -> None:
    blob_id = with_worker.blob(b"one")
    _append(with_worker, blob_id)
    for _ in range(3):
        with_worker.world.pass_ms(2 * HOUR_MS)
        with_worker.own("blob.forget_unnamed")
    assert _is_known(with_worker, blob_id)
    assert _removed(with_worker) == []


def test_time_that_the_machine_was_off_is_no_time(bench: Bench) -> None:
    blob_id = bench.blob(b"one")
    bench.world.reboot(off_ms=10 * HOUR_MS)
    bench.begin()
    bench.own("blob.forget_unnamed")
    assert _is_known(bench, blob_id)


def test_it_goes_with_the_last_entry_that_names_it(bench: Bench) -> None:
    bench.worker("w1")
    bench.worker("w2")
    blob_id = bench.blob(b"one")
    _append(bench, blob_id)
    _append(bench, blob_id, worker_id="w2")
    bench.call("daemon.prune", keep_last=0, streams=["worker:w1"], dry_run=True)
    bench.call("daemon.prune", keep_last=0, streams=["worker:w1"])
    assert _is_known(bench, blob_id)
    bench.call("daemon.prune", keep_last=0, streams=["worker:w2"])
    assert not _is_known(bench, blob_id)
    assert _removed(bench) == [blob_id]


def test_a_later_entry_of_the_same_stream_keeps_it(with_worker: Bench) -> None:
    blob_id = with_worker.blob(b"one")
    _append(with_worker, blob_id)
    _append(with_worker, blob_id)
    with_worker.call("daemon.prune", keep_last=1, streams=["worker:w1"])
    assert _is_known(with_worker, blob_id)
    with_worker.call("daemon.prune", keep_last=0, streams=["worker:w1"])
    assert not _is_known(with_worker, blob_id)


def test_what_was_put_again_since_waits_for_its_entry(with_worker: Bench) -> None:
    blob_id = with_worker.blob(b"one")
    _append(with_worker, blob_id)
    with_worker.world.pass_ms(1)
    with_worker.blob(b"one")
    with_worker.call("daemon.prune", keep_last=0, streams=["worker:w1"])
    assert _append(with_worker, blob_id)["blobs"] == [blob_id]
    with_worker.call("daemon.prune", keep_last=0, streams=["worker:w1"])
    with_worker.world.pass_ms(HOUR_MS)
    with_worker.own("blob.forget_unnamed")
    assert not _is_known(with_worker, blob_id)


def test_a_removed_worker_leaves_its_stream_and_its_blobs(with_worker: Bench) -> None:
    blob_id = with_worker.blob(b"one")
    _append(with_worker, blob_id)
    with_worker.call("worker.stop", worker_id="w1")
    with_worker.call("worker.remove", worker_id="w1")
    with_worker.world.pass_ms(2 * HOUR_MS)
    with_worker.own("blob.forget_unnamed")
    assert _is_known(with_worker, blob_id)
    assert with_worker.call("journal.read", streams=["worker:w1"])["items"][0]["blobs"] == [blob_id]


def test_many_names_are_pruned_in_several_calls(
    with_worker: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("penholder_daemon.rooms.daemon.records.pruning.MAX_PRUNE", 40)
    named = [with_worker.blob(bytes([each])) for each in range(MAX_BLOBS)]
    for _ in range(7):
        _append(with_worker, *named)
    taken = []
    cursor = None
    while True:
        pruned = with_worker.call("daemon.prune", keep_last=0, streams=["worker:w1"], cursor=cursor)
        taken.append(pruned["entries"])
        cursor = pruned["next"]
        if not pruned["more"]:
            break
    assert sum(taken) == 7
    assert max(taken) == 2
    assert sorted(_removed(with_worker)) == sorted(named)


def test_only_blobs_without_a_row_are_nobodys(bench: Bench) -> None:
    known = bench.blob(b"one")
    assert bench.own("blob.without_row", blob_ids=[known, UNKNOWN]) == [UNKNOWN]


def test_what_is_lost_is_known_no_more_and_can_be_put_again(with_worker: Bench) -> None:
    blob_id = with_worker.blob(b"one")
    _append(with_worker, blob_id)
    with_worker.own("daemon.restored", known=_nothing(), file="/b", lost_blobs=(blob_id,))
    assert not _is_known(with_worker, blob_id)
    assert with_worker.call("event.list", worker_id="w1")["items"][0]["blobs"] == [blob_id]
    with_worker.blob(b"one")
    assert _is_known(with_worker, blob_id)


def _nothing() -> object:
    return HandedOut(is_all=True)


# --- verify -------------------------------------------------------------------------------------
def test_verify_finds_names_without_entries_and_a_wrong_count(with_worker: Bench) -> None:
    room = next(each for each in with_worker.registry.rooms if each.name == "blob")
    (check,) = room.checks
    blob_id = with_worker.blob(b"one")
    _append(with_worker, blob_id)
    assert list(check(with_worker.rx())) == []
    with_worker.database.run("UPDATE journal SET blobs = NULL")
    with_worker.database.run("UPDATE blob_room SET bytes = 1")
    found = {each.check: each.detail for each in check(with_worker.rx())}
    assert found == {
        "blobs_of_entries": "worker:w1 has names of blobs for its entry 1, which is not there",
        "room_of_blobs": "blobs take 4096 bytes, counted are 1",
    }


def test_room_is_counted_in_whole_blocks() -> None:
    assert [core_blobs.room_of(size) for size in (0, 1, 4096, 4097)] == [4096, 4096, 4096, 8192]
