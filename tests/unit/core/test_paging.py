"""Pages: keyset cursors that neither skip nor repeat while rows come and go."""

from collections.abc import Iterator

import msgspec
import pytest

from penholder_protocol import errors
from penholder_protocol.limits import MAX_FRAME_BYTES, MAX_INTEGER
from tests.helpers.harness import Bench, Json

LISTS = [
    "controller.list",
    "controller.instances",
    "worker.list",
    "event.list",
    "approval.list",
    "handoff.list",
]


def _fill(bench: Bench, count: int) -> None:
    bench.worker("w0")
    for n in range(1, count + 1):
        bench.owned(f"k{n}")
        bench.worker(f"v{n}", "c1")
        bench.call("event.append", worker_id="w0", type="x")
        bench.call("approval.request", worker_id="w0", message="?")
        bench.call("handoff.register", worker_id="w0", handoff_path="/h", checkpoint_path="/c")


def _scope(method: str) -> dict[str, object]:
    return {"worker_id": "w0"} if method == "event.list" else {}


@pytest.mark.parametrize("method", LISTS)
def test_pages_together_are_the_whole_list(bench: Bench, method: str) -> None:
    _fill(bench, 7)
    whole = bench.call(method, **_scope(method))
    assert whole["next"] is None
    for limit in (1, 2, 3, 7, 8, 1000):
        pages = list(_pages(bench, method, limit))
        assert [item for page in pages for item in page["items"]] == whole["items"]
        assert all(len(page["items"]) == limit for page in pages[:-1])
        assert 0 < len(pages[-1]["items"]) <= limit


def _pages(bench: Bench, method: str, limit: int) -> Iterator[Json]:
    cursor: str | None = None
    while True:
        page = bench.call(method, **_scope(method), limit=limit, cursor=cursor)
        yield page
        cursor = page["next"]
        if cursor is None:
            return


def test_rows_that_come_and_go_between_pages_are_neither_skipped_nor_repeated(
    bench: Bench,
) -> None:
    for n in range(9):
        bench.worker(f"w{n}")
    seen: list[str] = []
    for number, page in enumerate(_pages(bench, "worker.list", 2)):
        seen += [item["worker_id"] for item in page["items"]]
        # One that was given, and one that is to come, are removed; new ones appear at the top.
        if number == 0:
            for gone in ("w8", "w5"):
                bench.call("worker.stop", worker_id=gone)
                bench.call("worker.remove", worker_id=gone)
        bench.worker(f"new{number}")
    assert seen == ["w8", "w7", "w6", "w4", "w3", "w2", "w1", "w0"]


def test_oldest_first_lists_go_on_to_what_was_appended_meanwhile(bench: Bench) -> None:
    bench.worker("w0")
    for _ in range(3):
        bench.call("event.append", worker_id="w0", type="x")
    first = bench.call("event.list", worker_id="w0", limit=2)
    bench.call("event.append", worker_id="w0", type="x")
    rest = bench.call("event.list", worker_id="w0", cursor=first["next"])
    assert [event["event_seq"] for event in rest["items"]] == [3, 4]


@pytest.mark.parametrize("method", LISTS)
@pytest.mark.parametrize("limit", [0, -1, 1001, 1.5, "1"])
def test_a_limit_outside_its_range_is_wrong_params(
    bench: Bench, method: str, limit: object
) -> None:
    bench.worker("w0")
    bench.refused(errors.InvalidParams, method, **_scope(method), limit=limit)


@pytest.mark.parametrize("method", LISTS)
@pytest.mark.parametrize(
    "cursor", ["", "x", "-1", "1.0", "٣", "1 ", str(MAX_INTEGER + 1), "1" * 257, 5]
)
def test_a_cursor_that_no_list_gave_is_wrong_params(
    bench: Bench, method: str, cursor: object
) -> None:
    bench.worker("w0")
    bench.refused(errors.InvalidParams, method, **_scope(method), cursor=cursor)


def test_a_page_ends_early_where_its_frame_would_be_full(bench: Bench) -> None:
    bench.worker("w0")
    for n in range(9):
        bench.call("event.append", worker_id="w0", type="x", data={"n": n, "v": "x" * 250_000})
    sizes = []
    numbers = []
    for page in _pages(bench, "event.list", 100):
        sizes.append(len(msgspec.json.encode(page)))
        numbers += [event["data"]["n"] for event in page["items"]]
    assert numbers == list(range(9))
    assert len(sizes) == 3
    assert max(sizes) < MAX_FRAME_BYTES


def test_a_read_ends_early_at_the_last_entry_that_fits(bench: Bench) -> None:
    bench.worker("w0")
    for n in range(5):
        bench.call("event.append", worker_id="w0", type="x", data={"n": n, "v": "x" * 250_000})
    answer = bench.call("journal.read", streams=["worker:w0"])
    assert len(answer["items"]) == 3
    assert answer["pos"] == answer["items"][-1]["pos"]
    rest = bench.call("journal.read", streams=["worker:w0"], after=answer["pos"])
    assert [entry["data"]["n"] for entry in rest["items"]] == [3, 4]


def test_the_largest_event_fits_a_page_by_itself(bench: Bench) -> None:
    bench.worker("w0")
    largest = {"v": "x" * (256 * 1024 - 8)}
    bench.call("event.append", worker_id="w0", type="x", data=largest, raw=largest)
    bench.call("event.append", worker_id="w0", type="x", data=largest, raw=largest)
    for answer in (
        bench.call("event.list", worker_id="w0"),
        bench.call("journal.read", streams=["worker:w0"]),
    ):
        assert len(answer["items"]) == 1


def test_the_largest_worker_fits_a_page_by_itself(bench: Bench) -> None:
    """Whatever was accepted can be read again, also with its longest last_error."""
    bench.controller()
    long = "\x01" * 4096  # six bytes each in JSON
    bench.call(
        "worker.create",
        worker_id="w0",
        controller_id="c1",
        label=long,
        launcher=long,
        profile=long,
        cwd=long,
        packs=["x" * 4000] * 65,
        env={f"k{n}": long for n in range(10)},
    )
    bench.call("worker.set_endpoint", worker_id="w0", runtime_pid=1, runtime_socket=long)
    bench.call("worker.transition", worker_id="w0", to="error", last_error=long)
    assert len(bench.call("worker.list")["items"]) == 1
