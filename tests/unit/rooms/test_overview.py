"""worker.overview: beside each worker what it did last, exact however long ago that was."""

from typing import Any

import pytest
from bench.plans import plans, steps

from penholder_daemon.core import verify
from penholder_protocol import errors
from penholder_protocol.limits import MAX_LAST_DATA_BYTES, MAX_RESULT_BYTES
from tests.helpers.harness import Bench, Json
from tests.helpers.stores import sqlite_only

AT = "2026-01-01T00:00:00.000Z"
LATER = "2026-01-01T00:00:01.000Z"
NOTHING = {
    "pending_approvals": 0, "last_output_at": None, "last_text": None, "last_event": None,
    "last_data": None, "summary": None,
}  # fmt: skip


@pytest.fixture
def ready(bench: Bench) -> Bench:
    """Give a worker."""
    bench.worker()
    return bench


def _append(bench: Bench, type_: str, **data: object) -> None:
    bench.call("event.append", worker_id="w1", type=type_, data=data)


def _broken(bench: Bench) -> list[str]:
    found = verify.findings(bench.rx(), bench.registry.rooms, deep=False)
    return [each.check for each in found]


def _seen(bench: Bench, **params: object) -> Json:
    """Return what is told of the newest worker."""
    return bench.call("worker.overview", **params)["items"][0]


def _text(bench: Bench, **data: object) -> Json:
    _append(bench, "output", **data)
    return _seen(bench)["last_text"]


def test_a_worker_that_did_nothing_yet(ready: Bench) -> None:
    assert _seen(ready) == {"worker": ready.call("worker.get", worker_id="w1"), **NOTHING}


def test_what_it_did_last_is_told(ready: Bench) -> None:
    _append(ready, "output", stream="stdout", text="first")
    _append(ready, "summary", turns=1)
    _append(ready, "output", stream="stderr", text="second")
    ready.world.pass_ms(1000)
    _append(ready, "summary", turns=2, title="Fix it")
    _append(ready, "said")
    ready.call("approval.request", worker_id="w1", message="?")
    ready.call("approval.request", worker_id="w1", message="and?")
    ready.call("approval.cancel", request_id="ap_1")
    assert _seen(ready) == {
        "worker": ready.call("worker.get", worker_id="w1"),
        "pending_approvals": 1,
        "last_output_at": AT,
        "last_text": "second",
        "last_event": {"type": "said", "ts": LATER},
        "last_data": {},
        "summary": {"turns": 2, "title": "Fix it"},
    }


@sqlite_only("steps")
def test_it_is_exact_behind_any_number_of_other_events(ready: Bench) -> None:
    _append(ready, "summary", turns=1)
    _append(ready, "output", text="long ago")
    for _ in range(10):
        ready.call("event.append_many", worker_id="w1", events=[{"type": "x"}] * 1000)
    found = _seen(ready)
    assert (found["last_text"], found["summary"]) == ("long ago", {"turns": 1})
    assert steps(ready.database, lambda: ready.call("worker.overview")) < 500


def test_what_several_streams_add_in_one_batch_is_told_apart(ready: Bench) -> None:
    ready.worker("w2")
    types = [("output", "w1"), ("output", "w2"), ("x", "w1"), ("output", "w1"), ("x", "w2")]
    calls = [
        ready.invocation(
            "event.append", {"worker_id": worker_id, "type": type_, "data": {"text": str(number)}}
        )
        for number, (type_, worker_id) in enumerate(types)
    ]
    ready.run(calls)
    items = ready.call("worker.overview")["items"]
    assert [each["last_text"] for each in items] == ["1", "3"]


def test_what_is_refused_is_not_told(ready: Bench) -> None:
    _append(ready, "output", text="kept")
    lost = {"type": "output", "worker_id": "w1", "data": {"text": "lost"}}
    calls = [
        {"method": "event.append", "params": lost},
        {"method": "worker.heartbeat", "params": {"worker_id": "none"}},
    ]
    ready.refused(errors.WorkerNotFound, "tx.apply", calls=calls)
    _append(ready, "x")
    assert _seen(ready)["last_text"] == "kept"
    assert _broken(ready) == []


def test_what_retention_took_is_not_told(ready: Bench) -> None:
    _append(ready, "output", text="gone")
    _append(ready, "summary", turns=1)
    _append(ready, "x")
    ready.call("daemon.prune", keep_last=1, streams=["worker:w1"])
    left = {"last_event": {"type": "x", "ts": AT}, "last_data": {}}
    assert _seen(ready) == {**_seen(ready), **NOTHING, **left}
    ready.call("daemon.prune", keep_last=0, streams=["worker:w1"])
    assert _seen(ready)["last_event"] is None
    assert _text(ready, text="new") == "new"
    assert _broken(ready) == []


# --- the last line ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("one", "one"),
        ("one\ntwo\n", "two"),
        ("one\r\ntwo\r\n\r\n", "two"),
        ("10%\r20%\r", "20%"),
        ("one\n \t\n", "one"),
        ("  indented", "  indented"),
        ("", ""),
        ("\n\n", ""),
        ("x" * 201, "x" * 200),
        ("é" * 300, "é" * 200),
        ("😀" * 201, "😀" * 200),
        ("\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m"),
    ],
)
def test_the_last_line_that_is_not_blank(ready: Bench, text: str, told: str) -> None:
    assert _text(ready, stream="stdout", text=text) == told


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"base64": "bGluZQr/"}, "\N{REPLACEMENT CHARACTER}"),
        ({"base64": "/2EKYg=="}, "b"),
        ({"text": None, "base64": "Yg=="}, "b"),
        ({"base64": "no base64"}, None),
        ({}, None),
        ({"text": 5}, None),
        ({"text": ["a"]}, None),
        ({"text": {"text": "a"}}, None),
    ],
)
def test_output_of_any_shape(ready: Bench, data: dict[str, object], told: str | None) -> None:
    assert _text(ready, **data) == told
    assert _seen(ready)["last_output_at"] == AT


# --- the list -----------------------------------------------------------------------------------
def test_it_lists_as_worker_list_does(bench: Bench) -> None:
    for number in range(5):
        bench.worker(f"w{number}", f"c{number % 2}")
    bench.in_state("running", "w2")
    asked: list[dict[str, Any]] = [
        {}, {"limit": 2}, {"controller_id": "c0"}, {"state": "running"},
        {"controller_id": "c1", "state": "idle"}, {"state": "error"},
    ]  # fmt: skip
    for params in asked:
        page, seen = (bench.call(f"worker.{each}", **params) for each in ("list", "overview"))
        assert [each["worker"] for each in seen["items"]] == page["items"]
        assert seen["next"] == page["next"]
    first = bench.call("worker.overview", limit=2)
    rest = bench.call("worker.overview", cursor=first["next"])["items"]
    ids = [each["worker"]["worker_id"] for each in first["items"] + rest]
    assert ids == ["w4", "w3", "w2", "w1", "w0"]


def test_wrong_params_are_refused(ready: Bench) -> None:
    ready.refused(errors.ControllerNotFound, "worker.overview", controller_id="none")
    wrongs: list[dict[str, object]] = [
        {"limit": 0}, {"limit": 1001}, {"state": "dead"}, {"cursor": "x"}, {"worker_id": "w1"},
    ]  # fmt: skip
    for wrong in wrongs:
        ready.refused(errors.InvalidParams, "worker.overview", **wrong)


def test_it_is_not_for_workers(ready: Bench) -> None:
    ready.refused(errors.Denied, "worker.overview", ready.seated())


@sqlite_only("plans")
@pytest.mark.parametrize("params", [{}, {"controller_id": "c1"}, {"state": "idle"}])
def test_it_reads_along_indexes(ready: Bench, params: dict[str, object]) -> None:
    _append(ready, "output", text="a")
    found = plans(ready.database, lambda: ready.call("worker.overview", **params))
    assert len(found) >= 2
    for plan in found:
        assert plan.uses_indexes, str(plan)


def test_the_largest_worker_there_can_be_fits_an_answer(bench: Bench) -> None:
    long = "\x01" * 4096
    words = [f"{number:03d}" + "x" * 4092 for number in range(63)]
    fence: dict[str, Any] = {"packs": words, "env": dict.fromkeys(words, "")}
    bench.worker("w1", label=long, launcher=long, profile=long, cwd=long, **fence)
    bench.call("worker.set_endpoint", worker_id="w1", runtime_pid=1, runtime_socket=long)
    bench.call("worker.transition", worker_id="w1", to="error", last_error=long)
    _append(bench, "summary", x="x" * ((256 << 10) - 8))
    _append(bench, "output", text="\x01" * 200)
    method = bench.invocation("worker.overview", {})
    answer = bench.call_text("worker.overview", method.caller, b"{}")
    assert 800_000 < len(answer) < MAX_RESULT_BYTES


@pytest.mark.parametrize("column", ["output_seq", "summary_seq"])
def test_verify_tells_of_a_wrong_note(ready: Bench, column: str) -> None:
    for type_ in ("output", "x", "summary", "output", "summary"):
        _append(ready, type_)
    assert _broken(ready) == []
    for wrong in ("1", "NULL", "2", "5 - 1" if column == "summary_seq" else "5"):
        ready.database.run(f"UPDATE streams SET {column} = {wrong} WHERE name = 'worker:w1'")
        assert _broken(ready) == ["newest_entries_are_noted"], wrong


def test_small_data_of_the_newest_event_is_told(ready: Bench) -> None:
    _append(ready, "process.exited", exit_status=3)
    assert _seen(ready)["last_data"] == {"exit_status": 3}
    _append(ready, "big", text="x" * MAX_LAST_DATA_BYTES)
    assert (_seen(ready)["last_data"], _seen(ready)["last_event"]["type"]) == (None, "big")


def test_who_lives_can_be_asked_for(bench: Bench) -> None:
    bench.worker()
    for start in ("idle", "starting"):
        bench.worker(f"w_{start}", start=start)
    bench.worker("w_ended")
    ended = bench.peer("w_ended", 700)
    for peer in (ended, bench.peer("w1", 701)):
        bench.call("runtime.attach", peer)
    bench.call("runtime.detach", ended, state="stopped")
    bench.call("worker.stop", worker_id="w1")

    def listed(**params: object) -> list[str]:
        found = bench.call("worker.overview", **params)["items"]
        return [each["worker"]["worker_id"] for each in found]

    assert listed(living=True) == ["w_starting", "w1"]
    assert listed(living=False) == ["w_ended", "w_idle"]
    assert listed() == ["w_ended", "w_starting", "w_idle", "w1"]
    assert listed(living=True, limit=1) == ["w_starting"]
