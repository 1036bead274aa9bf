"""The journal room: reading all streams at once."""

import pytest

from penholder_daemon.core.caller import CONTROL
from penholder_protocol import errors
from tests.helpers.fakes import FakeSession
from tests.helpers.harness import CONTROLLER, Bench, Json, at_once


@pytest.fixture
def busy(bench: Bench) -> Bench:
    """Give two controllers with a worker each, whose streams have entries in turn."""
    bench.worker("w1", "c1")
    bench.worker("w2", "c2")
    for type_ in ("a", "b"):
        for worker_id in ("w1", "w2"):
            bench.call("event.append", worker_id=worker_id, type=type_)
    return bench


def _read(bench: Bench, *streams: str, **params: object) -> Json:
    return bench.call("journal.read", streams=list(streams), **params)


def _names(answer: Json) -> list[tuple[str, str]]:
    return [(entry["stream"], entry["type"]) for entry in answer["items"]]


def test_an_entry_has_every_field(busy: Bench) -> None:
    entry = _read(busy, "worker:w1")["items"][0]
    assert entry == {
        "entry_id": entry["entry_id"],
        "pos": 5,
        "stream": "worker:w1",
        "seq": 1,
        "ts": "2026-01-01T00:00:00.000Z",
        "type": "a",
        "turn_id": None,
        "data": {},
        "raw": None,
        "request_id": "req-event.append",
        "blobs": [],
    }
    assert busy.call("event.list", worker_id="w1")["items"][0]["event_id"] == entry["entry_id"]


def test_streams_are_read_together_in_global_order(busy: Bench) -> None:
    answer = _read(busy, "worker:w2", "worker:w1")
    assert _names(answer) == [
        ("worker:w1", "a"),
        ("worker:w2", "a"),
        ("worker:w1", "b"),
        ("worker:w2", "b"),
    ]
    positions = [entry["pos"] for entry in answer["items"]]
    assert positions == sorted(positions)


def test_a_controllers_workers_are_one_selection_and_later_ones_too(busy: Bench) -> None:
    busy.worker("w3", "c1")
    busy.call("event.append", worker_id="w3", type="late")
    assert _names(_read(busy, "controller:c1/workers")) == [
        ("worker:w1", "a"),
        ("worker:w1", "b"),
        ("worker:w3", "late"),
    ]
    assert {name for name, _ in _names(_read(busy, "controller:c1"))} == {"controller:c1"}


def test_a_removed_workers_stream_is_still_read(busy: Bench) -> None:
    busy.call("worker.stop", worker_id="w1")
    busy.call("worker.remove", worker_id="w1")
    assert len(_read(busy, "worker:w1")["items"]) == 2
    assert len(_read(busy, "controller:c1/workers")["items"]) == 2


def test_everything_is_a_star(busy: Bench) -> None:
    entries = _read(busy, "*", limit=1000)["items"]
    assert [entry["pos"] for entry in entries] == list(range(1, len(entries) + 1))


@pytest.mark.parametrize(
    "stream", ["run:r", "board:b", "topic:t", "topic:*", "queue:q", "daemon", "worker:none"]
)
def test_a_stream_that_does_not_exist_is_empty(busy: Bench, stream: str) -> None:
    current = busy.call("journal.position")["pos"]
    assert _read(busy, stream) == {"items": [], "pos": current}


@pytest.mark.parametrize(
    "stream", ["", "workers:w", "worker", "worker:", "daemon:x", "**", "w" * 257, 5]
)
def test_what_no_stream_is_called_is_wrong_params(busy: Bench, stream: object) -> None:
    busy.refused(errors.InvalidParams, "journal.read", streams=[stream])


def test_one_to_64_names(busy: Bench) -> None:
    busy.refused(errors.InvalidParams, "journal.read", streams=[])
    busy.refused(errors.InvalidParams, "journal.read", streams=["daemon"] * 65)
    _read(busy, *[f"worker:w{n}" for n in range(64)])


def test_types_select(busy: Bench) -> None:
    assert _names(_read(busy, "controller:c1/workers", types=["b", "z"])) == [("worker:w1", "b")]
    assert _read(busy, "worker:w1", types=[])["items"] == []


def test_pos_is_the_last_items_if_the_limit_cut_else_the_current(busy: Bench) -> None:
    cut = _read(busy, "worker:w1", limit=1)
    assert cut["pos"] == cut["items"][-1]["pos"] == 5
    rest = _read(busy, "worker:w1", after=cut["pos"], limit=1)
    assert _names(rest) == [("worker:w1", "b")]
    assert rest["pos"] == busy.call("journal.position")["pos"] == 8


def test_position_of_an_empty_journal(bench: Bench) -> None:
    assert bench.call("journal.position") == {"pos": 0}
    assert _read(bench, "*") == {"items": [], "pos": 0}


def test_positions_are_not_given_twice_after_pruning(busy: Bench) -> None:
    while busy.call("daemon.prune", keep_last=0)["more"]:
        continue
    assert _read(busy, "*", after=8)["items"] == []
    assert busy.database.row("SELECT COUNT(*) FROM journal") == (0,)
    assert busy.call("journal.position")["pos"] == 8
    busy.restart()
    assert busy.call("journal.position")["pos"] == 8
    assert busy.call("event.append", worker_id="w1", type="x")["pos"] == 9


def _prune(bench: Bench, stream: str, pos: int) -> None:
    bench.database.run(
        "DELETE FROM journal WHERE pos <= ?1"
        " AND stream_id = (SELECT stream_id FROM streams WHERE name = ?2)",
        pos,
        stream,
    )
    bench.database.run("UPDATE streams SET pruned_pos = ? WHERE name = ?", pos, stream)


@pytest.mark.parametrize("method", ["journal.read", "journal.wait"])
def test_what_was_pruned_is_told_and_the_oldest_that_remains(busy: Bench, method: str) -> None:
    _prune(busy, "worker:w1", 5)
    for stream in ("worker:w1", "*", "controller:c1/workers"):
        refusal = busy.refused(errors.CursorGone, method, streams=[stream], after=4)
        assert refusal.number == 1008
        assert refusal.details == {"stream": "worker:w1", "oldest_pos": 6}
    assert _names(_read(busy, "worker:w1", after=5)) == [("worker:w1", "b")]
    assert len(_read(busy, "worker:w2", after=0)["items"]) == 2


def test_types_do_not_hide_that_something_was_pruned(busy: Bench) -> None:
    _prune(busy, "worker:w1", 5)
    busy.refused(errors.CursorGone, "journal.read", streams=["worker:w1"], types=["zzz"])


def test_wait_is_ready_with_the_first_entry(busy: Bench) -> None:
    params: dict[str, object] = {"streams": ["worker:w1", "controller:c1/workers"], "after": 7}
    waiting = busy.look("journal.wait", **params)
    assert not waiting.ready
    assert waiting.streams == ("worker:w1", "controller:c1/workers")
    assert busy.call("journal.wait", **params) == {"items": [], "pos": 8}
    busy.call("event.append", worker_id="w1", type="c")
    assert busy.look("journal.wait", **params).ready


@pytest.mark.parametrize("timeout_ms", [-1, 300_001, "1"])
def test_a_timeout_outside_its_range_is_wrong_params(busy: Bench, timeout_ms: object) -> None:
    busy.refused(
        errors.InvalidParams, "journal.wait", streams=["daemon"], after=0, timeout_ms=timeout_ms
    )


@pytest.mark.parametrize("method", ["journal.read", "journal.wait", "journal.subscribe"])
def test_a_worker_reads_its_own_stream_only(busy: Bench, method: str) -> None:
    seated = busy.seated("w1")
    busy.call(method, seated, streams=["worker:w1"], after=0)
    for foreign in ("worker:w2", "controller:c1", "controller:c1/workers", "daemon", "*"):
        refusal = busy.refused(
            errors.Denied, method, seated, streams=["worker:w1", foreign], after=0
        )
        assert refusal.number == 1006


def _subscribe(bench: Bench, **params: object) -> tuple[Json, FakeSession]:
    session = FakeSession(bench, CONTROLLER)
    method = bench.registry.require("journal.subscribe")
    arguments = bench.invocation("journal.subscribe", params).arguments
    return at_once(method.handler(session, **arguments)), session  # type: ignore[arg-type]  # async


def test_subscribe_from_now_from_the_start_or_from_a_position(busy: Bench) -> None:
    for params, after in (({}, None), ({"after": "start"}, 0), ({"after": 5}, 5)):
        _, session = _subscribe(busy, streams=["worker:w1"], **params)
        assert [given for _, given in session.subscribed] == [after]
    busy.refused(errors.InvalidParams, "journal.subscribe", streams=["daemon"], after="later")


def test_subscribe_after_a_pruned_position_is_refused_and_from_the_start_it_is_not(
    busy: Bench,
) -> None:
    _prune(busy, "worker:w1", 5)
    refusal = busy.refused(errors.CursorGone, "journal.subscribe", streams=["worker:w1"], after=0)
    assert refusal.details["oldest_pos"] == 6
    _subscribe(busy, streams=["worker:w1"], after="start")
    _subscribe(busy, streams=["worker:w1"], after=5)
    assert CONTROLLER.socket == CONTROL


def test_unsubscribe_tells_whether_there_was_one(bench: Bench) -> None:
    assert bench.call("journal.unsubscribe", subscription="sub_1") == {"unsubscribed": True}
    assert bench.call("journal.unsubscribe", subscription="sub_2") == {"unsubscribed": False}
