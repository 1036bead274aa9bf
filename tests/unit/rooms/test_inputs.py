"""Inputs: sent by who owns the worker, numbered for each, open until they are acknowledged."""

from typing import Any

import pytest

from penholder_daemon.core import verify
from penholder_daemon.core.effects import WakeWaiters
from penholder_daemon.rooms.inputs import records
from penholder_protocol import errors
from penholder_protocol.limits import MAX_KEPT_INPUTS, MAX_OPEN_INPUTS
from tests.helpers.harness import Bench, Json

AT = "2026-01-01T00:00:00.000Z"


@pytest.fixture
def ready(bench: Bench) -> Bench:
    """Give two workers of one controller that nobody owns."""
    bench.worker("w1")
    bench.worker("w2")
    return bench


def _send(bench: Bench, *kinds: str, worker_id: str = "w1") -> list[int]:
    sent = [bench.call("worker.send", worker_id=worker_id, kind=kind) for kind in kinds]
    return [each["seq"] for each in sent]


def _next(bench: Bench, worker_id: str = "w1") -> Json:
    return bench.call("input.next", worker_id=worker_id, timeout_ms=0)


def _listed(bench: Bench, **params: object) -> list[tuple[int, bool]]:
    items = bench.call("input.list", worker_id="w1", **params)["items"]
    return [(each["seq"], each["acked"]) for each in items]


def _broken(bench: Bench) -> list[str]:
    found = verify.findings(bench.rx(), bench.registry.rooms, deep=False)
    return [each.check for each in found]


# --- sending ------------------------------------------------------------------------------------
def test_send_answers_the_record_and_says_so_on_the_controllers_stream(ready: Bench) -> None:
    sent = ready.call("worker.send", worker_id="w1", kind="text", data={"text": "Go on."})
    assert sent == {
        "worker_id": "w1", "seq": 1, "kind": "text", "data": {"text": "Go on."},
        "created_at": AT, "acked": False,
    }  # fmt: skip
    peer = {"uid": 1000, "pid": 50, "host_id": ready.world.host_id}
    note = {"worker_id": "w1", "seq": 1, "kind": "text", **peer}
    assert ready.notes()[-1] == ("worker.sent", note)
    assert _next(ready) == sent


def test_numbers_are_of_each_worker(ready: Bench) -> None:
    assert _send(ready, "a", "b") == [1, 2]
    assert _send(ready, "c", worker_id="w2") == [1]
    assert _send(ready, "d") == [3]


def test_without_data_it_is_an_empty_object(ready: Bench) -> None:
    assert ready.call("worker.send", worker_id="w1", kind="ping")["data"] == {}


@pytest.mark.parametrize(
    "wrong",
    [{"kind": ""}, {"kind": None}, {"kind": "x" * 129}, {"kind": "a\0b"}, {"data": []},
     {"data": "text"}, {"more": 1}, {"seq": 1}],
)  # fmt: skip
def test_wrong_params_send_nothing(ready: Bench, wrong: dict[str, object]) -> None:
    params = {"worker_id": "w1", "kind": "text", **wrong}
    ready.refused(errors.InvalidParams, "worker.send", **params)


def test_data_is_as_large_as_other_values(ready: Bench) -> None:
    largest = {"x": "x" * ((256 << 10) - 8)}
    ready.call("worker.send", worker_id="w1", kind="text", data=largest)
    assert _next(ready)["data"] == largest
    too_large = {"x": "x" * ((256 << 10) - 7)}
    ready.refused(errors.ValueTooLarge, "worker.send", worker_id="w1", kind="k", data=too_large)


def test_a_worker_that_is_not_there_or_stopped_takes_none(ready: Bench) -> None:
    ready.refused(errors.WorkerNotFound, "worker.send", worker_id="none", kind="text")
    _send(ready, "before")
    ready.in_state("stopped")
    refusal = ready.refused(errors.WorkerStopped, "worker.send", worker_id="w1", kind="text")
    assert refusal.details == {"worker_id": "w1"}
    assert _next(ready)["kind"] == "before"
    ready.in_state("idle")
    assert _send(ready, "after") == [2]


@pytest.mark.parametrize("state", ["starting", "running", "waiting_approval", "canceling", "error"])
def test_any_other_worker_does(ready: Bench, state: str) -> None:
    ready.in_state(state)
    assert _send(ready, "text") == [1]


def test_who_steers_must_own(bench: Bench) -> None:
    fence = bench.owned()
    bench.worker(fence=fence)
    bench.refused(errors.FenceRequired, "worker.send", worker_id="w1", kind="text")
    bench.call("worker.send", worker_id="w1", kind="text", fence=fence)
    bench.acquire(takeover=True)
    bench.refused(errors.Fenced, "worker.send", worker_id="w1", kind="text", fence=fence)
    assert "beside_owner" not in bench.notes()[-2][1]


def test_a_key_sends_once(ready: Bench) -> None:
    params: dict[str, Any] = {"worker_id": "w1", "kind": "text", "idempotency_key": "k"}
    first = ready.call("worker.send", **params)
    assert ready.call("worker.send", **params) == first
    ready.refused(errors.IdempotencyConflict, "worker.send", **{**params, "kind": "other"})
    assert _listed(ready) == [(1, False)]


def test_what_a_transaction_takes_back_leaves_no_hole(ready: Bench) -> None:
    send = {"method": "worker.send", "params": {"worker_id": "w1", "kind": "text"}}
    gone = {"method": "worker.send", "params": {"worker_id": "none", "kind": "text"}}
    ready.refused(errors.WorkerNotFound, "tx.apply", calls=[send, send, gone])
    results = ready.call("tx.apply", calls=[send, send])["results"]
    assert [each["seq"] for each in results] == [1, 2]


# --- on its own socket --------------------------------------------------------------------------
def test_a_worker_sends_to_nobody(ready: Bench) -> None:
    seated = ready.seated("w1")
    for worker_id in ("w1", "w2"):
        ready.refused(errors.Denied, "worker.send", seated, worker_id=worker_id, kind="text")
    call = {"method": "worker.send", "params": {"worker_id": "w1", "kind": "text"}}
    ready.refused(errors.Denied, "tx.apply", seated, calls=[call])


def test_a_worker_takes_its_own_without_naming_itself(ready: Bench) -> None:
    _send(ready, "a", "b")
    seated = ready.seated("w1")
    assert ready.call("input.next", seated)["kind"] == "a"
    assert ready.call("input.ack", seated, seq=1) == {"seq": 1}
    assert [each["acked"] for each in ready.call("input.list", seated)["items"]] == [True, False]


@pytest.mark.parametrize(
    ("method", "params"), [("input.next", {}), ("input.ack", {"seq": 1}), ("input.list", {})]
)
def test_another_workers_are_closed_to_it(
    ready: Bench, method: str, params: dict[str, object]
) -> None:
    _send(ready, "a")
    seated = ready.seated("w2")
    ready.refused(errors.Denied, method, seated, worker_id="w1", **params)
    ready.refused(errors.WorkerNotFound, method, worker_id="none", **params)


def test_only_the_seated_process_acknowledges(ready: Bench) -> None:
    _send(ready, "a", "b")
    first = ready.seated("w1", 700)
    stranger = ready.peer("w1", 701)
    ready.refused(errors.NotAttached, "input.ack", stranger, seq=1)
    ready.call("runtime.attach", stranger, takeover=True)
    ready.refused(errors.Fenced, "input.ack", first, seq=1)
    ready.call("input.ack", stranger, seq=1)
    assert ready.call("input.next", first)["seq"] == 2


# --- taking -------------------------------------------------------------------------------------
def test_next_answers_the_same_one_until_it_is_acknowledged(ready: Bench) -> None:
    _send(ready, "a", "b")
    assert _next(ready) == _next(ready)
    ready.call("input.ack", worker_id="w1", seq=1)
    assert _next(ready)["kind"] == "b"
    ready.call("input.ack", worker_id="w1", seq=2)
    assert _next(ready) is None


def test_an_acknowledgement_never_goes_back(ready: Bench) -> None:
    assert ready.call("input.ack", worker_id="w1", seq=0) == {"seq": 0}
    _send(ready, "a", "b", "c")
    assert ready.call("input.ack", worker_id="w1", seq=2) == {"seq": 2}
    for lower in (2, 1, 0):
        assert ready.call("input.ack", worker_id="w1", seq=lower) == {"seq": 2}
    assert _listed(ready) == [(1, True), (2, True), (3, False)]


@pytest.mark.parametrize("sent", [0, 2])
def test_what_was_never_sent_is_not_acknowledged(ready: Bench, sent: int) -> None:
    _send(ready, *["k"] * sent)
    refusal = ready.refused(errors.InputNotFound, "input.ack", worker_id="w1", seq=sent + 1)
    assert refusal.number == 1001
    assert refusal.details == {"worker_id": "w1", "seq": sent + 1, "last_seq": sent}
    for wrong in (-1, None, "1", 1 << 63):
        ready.refused(errors.InvalidParams, "input.ack", worker_id="w1", seq=wrong)


def test_a_wait_is_woken_by_what_is_sent_to_that_worker_alone(ready: Bench) -> None:
    waiting = ready.look("input.next", worker_id="w1")
    assert (waiting.result, waiting.ready) == (None, False)
    [woken_by] = waiting.streams
    ready.effects.clear()
    _send(ready, "other", worker_id="w2")
    ready.call("event.append", worker_id="w1", type="x")
    assert WakeWaiters(woken_by) not in ready.effects
    assert woken_by not in {each.entry.stream for each in ready.published}
    _send(ready, "a")
    assert WakeWaiters(woken_by) in ready.effects
    assert ready.look("input.next", worker_id="w1").ready


def test_input_is_kept_over_seats_and_restarts(ready: Bench) -> None:
    _send(ready, "a", "b", "c")
    first = ready.seated("w1", 700)
    ready.call("input.ack", first, seq=1)
    ready.call("runtime.detach", first)
    ready.restart()
    second = ready.seated("w1", 701)
    assert ready.call("input.next", second)["kind"] == "b"
    ready.own("runtime.exited", worker_id="w1", epoch=2)
    assert _listed(ready) == [(1, True), (2, False), (3, False)]
    assert _send(ready, "d") == [4]


# --- the list -----------------------------------------------------------------------------------
def test_the_list_is_oldest_first_in_pages(ready: Bench) -> None:
    _send(ready, *"abcde")
    _send(ready, "other", worker_id="w2")
    first = ready.call("input.list", worker_id="w1", after_seq=1, limit=2)
    assert [each["kind"] for each in first["items"]] == ["b", "c"]
    rest = ready.call("input.list", worker_id="w1", limit=2, cursor=first["next"])
    assert ([each["kind"] for each in rest["items"]], rest["next"]) == (["d", "e"], None)
    assert _listed(ready, after_seq=99) == []
    for limit in (0, 1001):
        ready.refused(errors.InvalidParams, "input.list", worker_id="w1", limit=limit)
    ready.refused(errors.InvalidParams, "input.list", worker_id="w1", cursor="x")


def test_a_page_of_large_ones_ends_early(ready: Bench) -> None:
    for _ in range(5):
        ready.call("worker.send", worker_id="w1", kind="k", data={"x": "x" * (250 << 10)})
    pages = [ready.call("input.list", worker_id="w1")]
    while pages[-1]["next"] is not None:
        cursor = pages[-1]["next"]
        pages.append(ready.call("input.list", worker_id="w1", cursor=cursor))
    assert [[each["seq"] for each in page["items"]] for page in pages] == [[1, 2, 3], [4, 5]]


def test_pruning_takes_no_input(ready: Bench) -> None:
    _send(ready, "a", "b")
    ready.call("daemon.prune", keep_last=0, streams=["controller:c1", "worker:w1"])
    assert _listed(ready) == [(1, False), (2, False)]
    assert _send(ready, "c") == [3]


# --- limits -------------------------------------------------------------------------------------
def test_so_many_may_be_open(ready: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "MAX_OPEN_INPUTS", 2)
    _send(ready, "a", "b")
    refusal = ready.refused(errors.TooManyInputs, "worker.send", worker_id="w1", kind="c")
    assert refusal.number == 1005
    assert refusal.details == {"worker_id": "w1", "limit": "MAX_OPEN_INPUTS", "maximum": 2}
    assert _send(ready, "other", worker_id="w2") == [1]
    ready.call("input.ack", worker_id="w1", seq=1)
    assert _send(ready, "c") == [3]


def test_so_many_bytes_may_be_open(ready: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    data = {"text": "é"}
    monkeypatch.setattr(records, "MAX_OPEN_INPUT_BYTES", 2 * len('{"text":"é"}'.encode()))
    for _ in range(2):
        ready.call("worker.send", worker_id="w1", kind="k", data=data)
    params: dict[str, Any] = {"worker_id": "w1", "kind": "k"}
    refusal = ready.refused(errors.TooManyInputs, "worker.send", **params, data=data)
    assert refusal.details["limit"] == "MAX_OPEN_INPUT_BYTES"
    ready.call("input.ack", worker_id="w1", seq=1)
    ready.call("worker.send", **params, data=data)
    ready.refused(errors.TooManyInputs, "worker.send", **params)


def test_of_the_acknowledged_the_newest_are_kept(
    ready: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "MAX_KEPT_INPUTS", 2)
    _send(ready, *"abcde")
    ready.call("input.ack", worker_id="w1", seq=1)
    ready.call("input.ack", worker_id="w1", seq=4)
    assert _listed(ready) == [(3, True), (4, True), (5, False)]
    ready.call("input.ack", worker_id="w1", seq=5)
    assert _send(ready, "f") == [6]
    assert _broken(ready) == []


def test_as_many_as_may_be_are_sent_and_acknowledged_in_one_transaction(ready: Bench) -> None:
    send = {"method": "worker.send", "params": {"worker_id": "w1", "kind": "k"}}
    for _ in range(2):
        ready.call("tx.apply", calls=[send] * MAX_OPEN_INPUTS)
        first = _next(ready)["seq"]
        acks = [
            {"method": "input.ack", "params": {"worker_id": "w1", "seq": seq}}
            for seq in range(first, first + MAX_OPEN_INPUTS)
        ]
        ready.call("tx.apply", calls=acks)
    assert len(_listed(ready, limit=1000)) == MAX_KEPT_INPUTS
    ready.in_state("stopped")
    ready.call("worker.remove", worker_id="w1")


# --- the end ------------------------------------------------------------------------------------
def test_remove_takes_them_and_tells_who_waits(ready: Bench) -> None:
    _send(ready, "a", "b")
    _send(ready, "other", worker_id="w2")
    ready.call("input.ack", worker_id="w1", seq=1)
    [woken_by] = ready.look("input.next", worker_id="w1").streams
    ready.in_state("stopped")
    ready.effects.clear()
    ready.call("worker.remove", worker_id="w1")
    assert WakeWaiters(woken_by) in ready.effects
    ready.refused(errors.WorkerNotFound, "input.list", worker_id="w1")
    for table in ("inputs", "input_counts"):
        assert list(ready.database.rows(f"SELECT DISTINCT worker_id FROM {table}")) == [("w2",)]


@pytest.mark.parametrize(
    ("damage", "check"),
    [
        ("UPDATE inputs SET seq = 9 WHERE seq = 3", "inputs_numbered_by_their_workers"),
        ("DELETE FROM inputs WHERE seq = 3", "open_inputs_are_counted"),
        ("DELETE FROM inputs WHERE seq > 1", "open_inputs_are_counted"),
        ("DELETE FROM inputs", "open_inputs_are_counted"),
        ("UPDATE input_counts SET open_bytes = 7", "open_inputs_are_counted"),
        ("DELETE FROM input_counts", "inputs_numbered_by_their_workers"),
    ],
)
def test_verify_tells_what_is_wrong(ready: Bench, damage: str, check: str) -> None:
    _send(ready, "a", "b", "c")
    ready.call("input.ack", worker_id="w1", seq=1)
    assert _broken(ready) == []
    ready.database.run(damage)
    assert check in _broken(ready)
