"""Blobs as the rooms know them: rows, names, rights. Their ends are in test_blob_ends."""

import base64

import pytest

from penholder_daemon.core.store import StoreFault
from penholder_protocol import errors
from penholder_protocol.limits import (
    MAX_APPEND_MANY,
    MAX_BLOB_BYTES,
    MAX_BLOB_PART_BYTES,
    MAX_BLOBS,
    MAX_BLOBS_BYTES,
)
from tests.helpers.blobs import encoded, id_of
from tests.helpers.harness import Bench, Json

UNKNOWN = id_of(b"never put")


def _append(bench: Bench, *blob_ids: str, worker_id: str = "w1") -> Json:
    return bench.call("event.append", worker_id=worker_id, type="x", blobs=list(blob_ids))


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


# --- naming -------------------------------------------------------------------------------------
def test_an_entry_names_what_was_put(with_worker: Bench) -> None:
    first, second = with_worker.blob(b"one"), with_worker.blob(b"two")
    event = _append(with_worker, second, first)
    assert event["blobs"] == [second, first]
    assert with_worker.call("event.latest", worker_id="w1") == event
    (entry,) = with_worker.call("journal.read", streams=["worker:w1"])["items"]
    assert entry["blobs"] == [second, first]
    assert with_worker.published[-1].entry.blobs == (second, first)


def test_in_append_many_each_event_has_its_own(with_worker: Bench) -> None:
    blob_id = with_worker.blob(b"one")
    made = with_worker.call(
        "event.append_many",
        worker_id="w1",
        events=[{"type": "a"}, {"type": "b", "blobs": [blob_id]}, {"type": "c", "blobs": None}],
    )
    assert [each["blobs"] for each in made["items"]] == [[], [blob_id], []]
    assert with_worker.call("event.list", worker_id="w1")["items"] == made["items"]


def test_an_unknown_blob_appends_nothing(with_worker: Bench) -> None:
    known = with_worker.blob(b"one")
    refusal = with_worker.refused(
        errors.BlobNotFound, "event.append", worker_id="w1", type="x", blobs=[known, UNKNOWN]
    )
    assert refusal.details["blob_id"] == UNKNOWN
    with_worker.refused(
        errors.BlobNotFound,
        "event.append_many",
        worker_id="w1",
        events=[{"type": "a", "blobs": [known]}, {"type": "b", "blobs": [UNKNOWN]}],
    )
    assert _append(with_worker, known)["event_seq"] == 1


def test_the_same_blob_may_stand_twice(with_worker: Bench) -> None:
    blob_id = with_worker.blob(b"one")
    assert _append(with_worker, blob_id, blob_id)["blobs"] == [blob_id, blob_id]


@pytest.mark.parametrize(
    "named",
    [
        ["sha256-" + "a" * 63],
        ["sha256-" + "A" * 64],
        ["sha256-" + "a" * 64 + "\n"],
        ["../../penholder.db"],
        ["sha256-" + "a" * 62 + "/."],
        ["sha512-" + "a" * 64],
        [""],
        [None],
        "sha256-" + "a" * 64,
        [UNKNOWN] * (MAX_BLOBS + 1),
    ],
)
def test_what_is_no_list_of_ids_is_refused(with_worker: Bench, named: object) -> None:
    with_worker.refused(errors.InvalidParams, "event.append", worker_id="w1", type="x", blobs=named)
    if isinstance(named, list) and len(named) == 1 and named[0] is not None:
        with_worker.refused(errors.InvalidParams, "blob.get", blob_id=named[0])


def test_every_event_of_a_full_frame_may_name_as_many_as_may_be(with_worker: Bench) -> None:
    named = [with_worker.blob(bytes([each])) for each in range(MAX_BLOBS)]
    events = [{"type": "x", "blobs": named}] * (MAX_APPEND_MANY * 6 // 10)
    made = with_worker.call("event.append_many", worker_id="w1", events=events)
    assert len(made["items"]) == len(events)


def test_a_refused_neighbour_leaves_names_alone(with_worker: Bench) -> None:
    blob_id = with_worker.blob(b"one")
    good = with_worker.invocation(
        "event.append", {"worker_id": "w1", "type": "x", "blobs": [blob_id]}
    )
    bad = with_worker.invocation(
        "event.append", {"worker_id": "w1", "type": "x", "blobs": [UNKNOWN]}
    )
    answers = with_worker.run([good, bad, good])
    assert [isinstance(each, errors.BlobNotFound) for each in answers] == [False, True, False]
    listed = with_worker.call("event.list", worker_id="w1")["items"]
    assert [(each["event_seq"], each["blobs"]) for each in listed] == [
        (1, [blob_id]),
        (2, [blob_id]),
    ]


# --- reading ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("offset", "limit", "part", "eof"),
    [
        (0, 3, b"012", False),
        (3, 3, b"345", False),
        (7, 3, b"789", True),
        (9, 9, b"9", True),
        (10, 1, b"", True),
        (MAX_BLOB_BYTES, 1, b"", True),
    ],
)
def test_a_blob_is_read_in_pieces(
    bench: Bench,
    offset: int,
    limit: int,
    part: bytes,
    eof: bool,
) -> None:
    blob_id = bench.blob(b"0123456789")
    assert bench.call("blob.get", blob_id=blob_id, offset=offset, limit=limit) == {
        "bytes_base64": encoded(part),
        "size": 10,
        "eof": eof,
    }


def test_an_empty_one_is_read_too(bench: Bench) -> None:
    assert bench.call("blob.get", blob_id=bench.blob(b"")) == {
        "bytes_base64": "",
        "size": 0,
        "eof": True,
    }


@pytest.mark.parametrize("limit", [0, -1, MAX_BLOB_PART_BYTES + 1])
def test_a_limit_outside_is_refused(bench: Bench, limit: int) -> None:
    bench.refused(errors.InvalidParams, "blob.get", blob_id=bench.blob(b"x"), limit=limit)


def test_a_part_of_the_largest_size_fits_its_answer(bench: Bench) -> None:
    blob_id = bench.blob(b"x" * MAX_BLOB_PART_BYTES)
    part = bench.call("blob.get", blob_id=blob_id)
    assert part["eof"]
    assert len(base64.b64decode(part["bytes_base64"])) == MAX_BLOB_PART_BYTES


def test_a_blob_that_is_not_there_is_not_found(bench: Bench) -> None:
    refusal = bench.refused(errors.BlobNotFound, "blob.get", blob_id=UNKNOWN)
    assert refusal.details == {"blob_id": UNKNOWN}


def test_a_worker_reads_what_its_own_entries_name_and_nothing_else(bench: Bench) -> None:
    bench.worker("w1")
    bench.worker("w2")
    mine, other = bench.seated("w1", 700), bench.seated("w2", 701)
    blob_id = bench.blob(b"secret", mine)
    bench.refused(errors.Denied, "blob.get", mine, blob_id=blob_id)
    bench.call("event.append", mine, type="x", blobs=[blob_id])
    assert bench.call("blob.get", mine, blob_id=blob_id)["size"] == 6
    bench.refused(errors.Denied, "blob.get", other, blob_id=blob_id)
    bench.refused(errors.Denied, "blob.get", other, blob_id=UNKNOWN)


def test_bytes_that_are_gone_or_short_are_told_and_mended_by_putting_them_again(
    bench: Bench,
) -> None:
    blob_id = bench.blob(b"0123456789")
    bench.world.blobs[blob_id] = b"0123"
    assert bench.call("blob.get", blob_id=blob_id, limit=4)["eof"] is False
    bench.refused(errors.StoreFailed, "blob.get", blob_id=blob_id)
    del bench.world.blobs[blob_id]
    refusal = bench.refused(errors.StoreFailed, "blob.get", blob_id=blob_id)
    assert "daemon.verify" in refusal.message
    assert bench.blob(b"0123456789") == blob_id
    assert bench.call("blob.get", blob_id=blob_id)["size"] == 10


def test_a_disk_that_fails_at_reading_is_told(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    blob_id = bench.blob(b"x")

    def fail(*_: object) -> bytes:
        raise StoreFault("input/output error")

    monkeypatch.setattr(bench.world, "read_blob", fail)
    with pytest.raises(StoreFault):
        bench.call("blob.get", blob_id=blob_id)


# --- putting ------------------------------------------------------------------------------------
@pytest.mark.parametrize("text", ["x", "eHg", "eH g=", "eHg=\n", "eHg-", "ü", "eHg=eHg="])
def test_what_is_no_base64_is_refused(bench: Bench, text: str) -> None:
    refusal = bench.refused(errors.InvalidParams, "blob.put", bytes_base64=text)
    assert refusal.details["param"] == "bytes_base64"


def test_a_part_or_a_blob_that_is_too_large_is_refused(bench: Bench) -> None:
    part = encoded(b"x" * (MAX_BLOB_PART_BYTES + 1))
    refusal = bench.refused(errors.ValueTooLarge, "blob.put", bytes_base64=part)
    assert refusal.details["limit"] == "MAX_BLOB_PART_BYTES"
    refusal = bench.refused(
        errors.ValueTooLarge, "blob.put", upload_id="u", offset=MAX_BLOB_BYTES, bytes_base64="eA=="
    )
    assert refusal.details["limit"] == "MAX_BLOB_BYTES"


def test_who_has_no_seat_puts_nothing(bench: Bench) -> None:
    bench.worker()
    peer = bench.peer()
    bench.refused(errors.NotAttached, "blob.put", peer, bytes_base64="eA==")
    former = bench.seated("w1", 701)
    bench.call("runtime.attach", bench.peer("w1", 702), takeover=True)
    bench.refused(errors.Fenced, "blob.put", former, bytes_base64="eA==", last=True)


def test_who_lost_the_seat_meanwhile_makes_no_blob(bench: Bench) -> None:
    bench.worker()
    former = bench.seated("w1", 701)
    bench.call("runtime.attach", bench.peer("w1", 702), takeover=True)
    with pytest.raises(errors.Fenced):
        bench.own_of(former, "blob.keep", blob_id=UNKNOWN, size=1)
    assert not _is_known(bench, UNKNOWN)


def test_all_blobs_together_have_a_limit(bench: Bench) -> None:
    bench.own("blob.keep", blob_id=UNKNOWN, size=MAX_BLOBS_BYTES - 4096)
    bench.blob(b"the last one")
    with pytest.raises(errors.BlobsFull) as refused:
        bench.own("blob.keep", blob_id=id_of(b"one more"), size=1)
    assert refused.value.details["limit"] == "MAX_BLOBS_BYTES"
    assert bench.call("daemon.status")["blob_bytes"] == MAX_BLOBS_BYTES
    # What is there already takes no more.
    bench.own("blob.keep", blob_id=UNKNOWN, size=MAX_BLOBS_BYTES - 4096)
