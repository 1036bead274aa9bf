"""Sessions as readers see them: attention, lists, traces; and what a worker may see."""

import pytest

from penholder_protocol import errors
from tests.helpers.harness import Bench, Json
from tests.helpers.running import ask, attention, claim, ids, make_run, make_run_in, proof, session


def _end(bench: Bench, run_id: str) -> None:
    bench.call("run.finish", run_id=run_id, outcome="completed")


def _read(bench: Bench, session_id: str = "s1", reader_id: str = "me") -> Json:
    return bench.call("session.mark_read", session_id=session_id, reader_id=reader_id)


# --- attention --------------------------------------------------------------------------------
def test_a_summary_is_the_session_and_what_its_reader_makes_of_it(bench: Bench) -> None:
    make_run_in(bench)
    found = bench.call("session.summary", session_id="s1", reader_id="me")
    assert found == {
        **session(bench),
        "session_path": "t/p/s1",
        "reader_id": "me",
        "read_version": None,
        "attention": "unread",
        "unread": True,
        "active": False,
    }


def test_mark_read_answers_what_was_read(bench: Bench) -> None:
    make_run_in(bench)
    bench.world.pass_ms(5)
    assert _read(bench) == {
        "session_id": "s1",
        "reader_id": "me",
        "session_version": 1,
        "read_at": "2026-01-01T00:00:00.005Z",
    }
    found = bench.call("session.summary", session_id="s1", reader_id="me")
    assert (found["read_version"], found["attention"], found["unread"]) == (1, "read", False)


def test_each_reader_reads_for_itself_and_nobody_has_read_nothing(bench: Bench) -> None:
    make_run_in(bench)
    _read(bench, reader_id="me")
    assert attention(bench, "me") == "read"
    assert attention(bench, "you") == "unread"
    assert attention(bench, None) == "unread"
    found = bench.call("session.summary", session_id="s1")
    assert (found["reader_id"], found["read_version"]) == (None, None)


def test_what_is_new_makes_it_unread_again_once_it_rests(bench: Bench) -> None:
    make_run_in(bench)
    _read(bench)
    ask(bench)
    assert attention(bench) == "active"
    _read(bench)
    assert attention(bench) == "active"
    _end(bench, "r1")
    assert attention(bench) == "unread"
    _read(bench)
    bench.call("run.append_event", run_id="r1", type="usage")
    assert attention(bench) == "read"


def test_an_unknown_session_is_not_found(bench: Bench) -> None:
    for method, params in {
        "session.get": {},
        "session.summary": {},
        "session.trace": {},
        "session.output": {},
        "session.mark_read": {"reader_id": "me"},
    }.items():
        bench.refused(errors.SessionNotFound, method, session_id="nope", **params)


# --- lists ------------------------------------------------------------------------------------
def _several(bench: Bench) -> None:
    """Make sessions of every kind; their names tell, the later number is the later activity."""
    for number, name in enumerate(
        ("read1", "active1", "unread1", "idle1", "read2", "active2", "unread2", "idle2"), 1
    ):
        bench.world.pass_ms(10)
        run_id = f"r{number}"
        profile = "shell" if number in (3, 6) else "codex"
        make_run(bench, run_id, backend_profile=profile, session_ref={"session_id": name})
        if "idle" not in name:
            ask(bench, run_id=run_id)
        if "read" in name:
            _end(bench, run_id)
        if name.startswith(("read", "idle2")):
            _read(bench, name)


LISTS = {
    "default": ["active2", "active1", "unread2", "idle1", "unread1"],
    "all": ["active2", "active1", "unread2", "idle1", "unread1", "idle2", "read2", "read1"],
    "running": ["active2", "active1"],
    "unread": ["unread2", "idle1", "unread1"],
    "terminal": ["unread2", "unread1", "read2", "read1"],
    "idle": ["idle1", "idle2"],
}


@pytest.mark.parametrize("state", LISTS)
@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_active_first_then_unread_then_by_latest_activity(
    bench: Bench, state: str, limit: int
) -> None:
    _several(bench)
    assert ids(bench, "session.list", state=state, reader_id="me", limit=limit) == LISTS[state]


def test_the_list_by_default_and_its_filter(bench: Bench) -> None:
    _several(bench)
    assert ids(bench, "session.list", reader_id="me") == LISTS["default"]
    shell = ids(bench, "session.list", state="all", reader_id="me", backend_profile="shell")
    assert shell == ["active2", "unread1"]
    assert len(ids(bench, "session.list")) == 8  # to nobody all are unread
    assert ids(bench, "session.list", state="all", backend_profile="none") == []


def test_every_listed_session_is_its_summary(bench: Bench) -> None:
    _several(bench)
    for found in bench.call("session.list", state="all", reader_id="me")["items"]:
        named = {"session_id": found["session_id"], "reader_id": "me"}
        assert found == bench.call("session.summary", **named)


def test_ties_are_by_session_id(bench: Bench) -> None:
    for number in (3, 1, 2):
        make_run_in(bench, f"s{number}", f"r{number}")
    assert ids(bench, "session.list", limit=1) == ["s1", "s2", "s3"]


def test_a_page_goes_on_where_it_ended_though_sessions_change(bench: Bench) -> None:
    for number in range(6):
        bench.world.pass_ms(10)
        make_run_in(bench, f"s{number}", f"r{number}")
    first = bench.call("session.list", limit=2)
    assert [each["session_id"] for each in first["items"]] == ["s5", "s4"]
    make_run_in(bench, "s6", "r6")
    bench.call("run.append_event", run_id="r5", type="usage")
    rest = bench.call("session.list", cursor=first["next"])
    assert [each["session_id"] for each in rest["items"]] == ["s3", "s2", "s1", "s0"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"limit": 0},
        {"limit": 101},
        {"state": "active"},
        {"cursor": "5"},
        {"cursor": "3|x|y"},
        {"cursor": "0|x"},
        {"reader_id": ""},
    ],
)
def test_wrong_params_list_nothing(bench: Bench, wrong: dict[str, object]) -> None:
    bench.refused(errors.InvalidParams, "session.list", **wrong)


# --- traces -----------------------------------------------------------------------------------
def _seqs(page: Json) -> list[int]:
    return [each["seq"] for each in page["items"]]


def test_trace_is_of_the_active_run_else_of_the_last(bench: Bench) -> None:
    make_run_in(bench, run_id="r1")
    make_run_in(bench, run_id="r2")
    page = bench.call("session.trace", session_id="s1")
    assert (page["session_id"], page["run_id"], _seqs(page)) == ("s1", "r2", [1])
    ask(bench, run_id="r1")
    make_run_in(bench, run_id="r3")
    assert bench.call("session.trace", session_id="s1")["run_id"] == "r1"
    assert bench.call("session.trace", session_id="s1", run_id="r2")["run_id"] == "r2"
    events = bench.call("run.events", run_id="r1")["items"]
    assert bench.call("session.trace", session_id="s1")["items"] == events


@pytest.mark.parametrize("method", ["session.trace", "session.output"])
def test_a_run_of_another_session_is_not_found(bench: Bench, method: str) -> None:
    make_run_in(bench, "s1", "r1")
    make_run_in(bench, "s2", "r2")
    make_run(bench, "r3")
    for run_id in ("r2", "r3", "nope"):
        bench.refused(errors.RunNotFound, method, session_id="s1", run_id=run_id)


@pytest.mark.parametrize("method", ["session.trace", "session.output"])
def test_a_limit_up_to_500_and_cursors_of_its_own(bench: Bench, method: str) -> None:
    make_run_in(bench)
    for limit in (0, 501):
        bench.refused(errors.InvalidParams, method, session_id="s1", limit=limit)
    for cursor in ("5", "x:r1", "5:", ":r1"):
        bench.refused(errors.InvalidParams, method, session_id="s1", cursor=cursor)
    bench.refused(errors.InvalidParams, method, session_id="s1", run_id="r2", cursor="1:r1")
    bench.call(method, session_id="s1", limit=500)


def test_a_trace_goes_on_with_its_run_though_another_became_active(bench: Bench) -> None:
    make_run_in(bench, run_id="r1")
    for _ in range(4):
        bench.call("run.append_event", run_id="r1", type="usage")
    first = bench.call("session.trace", session_id="s1", after_seq=1, limit=2)
    assert _seqs(first) == [2, 3]
    make_run_in(bench, run_id="r2")
    ask(bench, run_id="r2")
    rest = bench.call("session.trace", session_id="s1", limit=2, cursor=first["next"])
    assert (rest["run_id"], _seqs(rest), rest["next"]) == ("r1", [4, 5], None)
    named = {"session_id": "s1", "run_id": "r1", "cursor": first["next"]}
    assert _seqs(bench.call("session.trace", **named)) == [4, 5]


def test_output_is_what_a_person_would_read_and_the_limit_counts_that(bench: Bench) -> None:
    make_run_in(bench)
    shown = ["assistant_message", "command_output", "diff", "error"]
    hidden = ["backend_status", "user_message", "tool_call", "tool_result", "usage", "x.mine"]
    for type_ in [*hidden, *shown, *hidden, *shown]:
        bench.call("run.append_event", run_id="r1", type=type_)
    _end(bench, "r1")
    found = bench.call("session.output", session_id="s1")["items"]
    assert [each["type"] for each in found] == [*shown, *shown, "terminal_status"]
    first = bench.call("session.output", session_id="s1", limit=6)
    assert len(first["items"]) == 6
    rest = bench.call("session.output", session_id="s1", limit=6, cursor=first["next"])
    assert first["items"] + rest["items"] == found
    assert rest["next"] is None
    after = bench.call("session.output", session_id="s1", after_seq=found[7]["seq"])
    assert [each["type"] for each in after["items"]] == ["terminal_status"]


# --- workers ----------------------------------------------------------------------------------
def test_a_worker_sees_the_sessions_of_its_runs(bench: Bench) -> None:
    bench.worker()
    seated = bench.seated()
    calls: dict[str, dict[str, object]] = {
        "session.get": {},
        "session.summary": {"reader_id": "w1"},
        "session.trace": {},
        "session.output": {},
        "session.mark_read": {"reader_id": "w1"},
    }
    for number in (1, 2, 3):
        make_run_in(bench, f"s{number}", f"r{number}")
    claim(bench, "r2")
    for method, params in calls.items():
        for session_id in ("s1", "s2"):
            bench.refused(errors.Denied, method, seated, session_id=session_id, **params)
    assert ids(bench, "session.list", seated, state="all") == []
    lease = proof(bench.call("run.claim", seated, run_id="r1", lease_ms=1000))
    for ended in (False, True):
        if ended:
            bench.call("run.finish", seated, run_id="r1", outcome="completed", lease=lease)
        for method, params in calls.items():
            assert bench.call(method, seated, session_id="s1", **params)["session_id"] == "s1"
        assert ids(bench, "session.list", seated, state="all") == ["s1"]


def test_a_worker_does_not_see_another_runners_run_of_a_shared_session(bench: Bench) -> None:
    bench.worker()
    seated = bench.seated()
    make_run_in(bench, run_id="r1")
    make_run_in(bench, run_id="r2")
    bench.call("run.claim", seated, run_id="r1", lease_ms=1000)
    assert bench.call("session.trace", seated, session_id="s1", run_id="r2")["items"]
    claim(bench, "r2")
    for params in ({}, {"run_id": "r2"}):
        bench.refused(errors.Denied, "session.trace", seated, session_id="s1", **params)
    assert bench.call("session.trace", seated, session_id="s1", run_id="r1")["items"]
