"""The approvals room: a question, its options, its one answer."""

import pytest

from penholder_protocol import errors
from tests.helpers.harness import Bench, Json

DEFAULTS = [
    {"id": "allow", "alias": "allow", "label": "Allow", "kind": None},
    {"id": "deny", "alias": "deny", "label": "Deny", "kind": None},
]
OPTIONS = [
    {"id": "o1", "alias": "Yes", "label": "Sure", "kind": "allow_once"},
    {"id": "o2"},
    {"id": "yes", "alias": "no"},
]


def _ask(bench: Bench, **params: object) -> Json:
    return bench.call("approval.request", **{"worker_id": "w1", "message": "May I?", **params})


def _state(bench: Bench) -> str:
    state: str = bench.call("worker.get", worker_id="w1")["state"]
    return state


def test_request_answers_the_record(bench: Bench) -> None:
    bench.worker()
    asked = _ask(bench, turn_id="t", deadline_ms=1500)
    assert asked == {
        "request_id": "ap_1",
        "worker_id": "w1",
        "turn_id": "t",
        "state": "pending",
        "kind": "tool.call",
        "message": "May I?",
        "options": DEFAULTS,
        "keep": False,
        "runtime_epoch": None,
        "created_at": "2026-01-01T00:00:00.000Z",
        "deadline_at": "2026-01-01T00:00:01.500Z",
        "decided_at": None,
        "decision": None,
        "selected_option_id": None,
        "selected_alias": None,
        "note": None,
    }
    assert bench.call("approval.get", request_id="ap_1") == asked
    assert bench.call("approval.get", worker_id="w1", request_id="ap_1") == asked


@pytest.mark.parametrize("options", [None, []])
def test_no_or_empty_options_are_allow_and_deny(bench: Bench, options: object) -> None:
    bench.worker()
    assert _ask(bench, options=options)["options"] == DEFAULTS


def test_absent_fields_of_options_are_null(bench: Bench) -> None:
    bench.worker()
    assert _ask(bench, options=[{"id": "o2"}])["options"] == [
        {"id": "o2", "alias": None, "label": None, "kind": None}
    ]


@pytest.mark.parametrize(
    "options",
    [
        [{"id": "a"}, {"id": "a", "alias": "other"}],
        [{"id": ""}],
        [{"alias": "a"}],
        [{"id": "a", "colour": "red"}],
        ["a"],
        [{"id": f"o{n}"} for n in range(1001)],
    ],
)
def test_options_of_another_shape_are_wrong_params(bench: Bench, options: object) -> None:
    bench.worker()
    bench.refused(
        errors.InvalidParams, "approval.request", worker_id="w1", message="?", options=options
    )


def test_options_are_a_json_value_of_bounded_size(bench: Bench) -> None:
    bench.worker()
    options = [{"id": f"o{n}", "label": "x" * 4096} for n in range(65)]
    bench.refused(
        errors.ValueTooLarge, "approval.request", worker_id="w1", message="?", options=options
    )


def test_on_deadline_must_be_an_options_id(bench: Bench) -> None:
    bench.worker()
    refusal = bench.refused(
        errors.ApprovalOptionUnknown,
        "approval.request",
        worker_id="w1",
        message="?",
        deadline_ms=1,
        on_deadline="later",
    )
    assert refusal.details == {"option": "later", "known": ["allow", "deny"]}
    bench.refused(
        errors.ApprovalOptionUnknown,  # an alias does not do here
        "approval.request",
        worker_id="w1",
        message="?",
        options=OPTIONS,
        on_deadline="Yes",
    )


@pytest.mark.parametrize(
    "state", ["starting", "idle", "running", "waiting_approval", "canceling", "stopped", "error"]
)
def test_only_a_running_worker_goes_to_waiting(bench: Bench, state: str) -> None:
    bench.worker()
    bench.in_state(state)
    _ask(bench)
    assert _state(bench) == ("waiting_approval" if state == "running" else state)


@pytest.mark.parametrize(
    ("named", "option_id", "alias", "decision"),
    [
        ("o1", "o1", "Yes", "Yes"),
        ("o2", "o2", None, "o2"),
        ("YES", "o1", "Yes", "Yes"),  # an alias in any case …
        ("yes", "yes", "no", "no"),  # … after an id of that very name
        ("No", "yes", "no", "no"),
    ],
)
def test_decide_by_id_else_by_alias(
    bench: Bench, named: str, option_id: str, alias: str | None, decision: str
) -> None:
    bench.worker()
    _ask(bench, options=OPTIONS)
    bench.world.pass_ms(3)
    decided = bench.call("approval.decide", request_id="ap_1", option=named, note="fine")
    assert decided["state"] == "decided"
    assert decided["selected_option_id"] == option_id
    assert decided["selected_alias"] == alias
    assert decided["decision"] == decision
    assert decided["note"] == "fine"
    assert decided["decided_at"] == "2026-01-01T00:00:00.003Z"


def test_of_aliases_that_differ_in_case_the_one_that_was_said_is_taken(bench: Bench) -> None:
    """One may hold for once and the other for ever."""
    bench.worker()
    _ask(bench, options=[{"id": "once", "alias": "y"}, {"id": "always", "alias": "Y"}])
    decided = bench.call("approval.decide", request_id="ap_1", option="Y")
    assert (decided["selected_option_id"], decided["decision"]) == ("always", "Y")


def test_an_unknown_option_is_told_with_those_there_are(bench: Bench) -> None:
    bench.worker()
    _ask(bench, options=OPTIONS)
    refusal = bench.refused(
        errors.ApprovalOptionUnknown, "approval.decide", request_id="ap_1", option="O1"
    )
    assert refusal.details == {"option": "O1", "known": ["o1", "o2", "yes"]}


@pytest.mark.parametrize("ended_by", ["decide", "cancel", "expire"])
def test_an_approval_is_answered_once(bench: Bench, ended_by: str) -> None:
    bench.worker()
    _ask(bench, deadline_ms=1)
    if ended_by == "decide":
        bench.call("approval.decide", request_id="ap_1", option="allow")
    elif ended_by == "cancel":
        bench.call("approval.cancel", request_id="ap_1")
    else:
        bench.world.pass_ms(1)
        bench.own("approval.expire_due")
    state = {"decide": "decided", "cancel": "canceled", "expire": "expired"}[ended_by]
    for method, params in (("approval.decide", {"option": "deny"}), ("approval.cancel", {})):
        refusal = bench.refused(errors.ApprovalNotPending, method, request_id="ap_1", **params)
        assert refusal.number == 1004
        assert refusal.details == {"request_id": "ap_1", "current_state": state}


def test_not_pending_is_told_before_the_option(bench: Bench) -> None:
    bench.worker()
    _ask(bench)
    bench.call("approval.cancel", request_id="ap_1")
    bench.refused(errors.ApprovalNotPending, "approval.decide", request_id="ap_1", option="?")


def test_cancel_keeps_a_note_and_no_decision(bench: Bench) -> None:
    bench.worker()
    seated = bench.seated()
    bench.call("approval.request", seated, message="?")
    canceled = bench.call("approval.cancel", seated, request_id="ap_1", note="never mind")
    assert (canceled["state"], canceled["note"], canceled["decision"]) == (
        "canceled",
        "never mind",
        None,
    )
    assert canceled["decided_at"] is not None


@pytest.mark.parametrize("method", ["approval.decide", "approval.cancel"])
def test_the_last_pending_one_lets_the_worker_go_on(bench: Bench, method: str) -> None:
    bench.worker()
    bench.in_state("running")
    _ask(bench)
    _ask(bench)
    params = {"option": "deny"} if method == "approval.decide" else {}
    bench.call(method, request_id="ap_2", **params)
    assert _state(bench) == "waiting_approval"
    bench.call(method, request_id="ap_1", **params)
    assert _state(bench) == "running"
    assert bench.notes()[-1][0] == "worker.state_changed"


def test_answers_move_only_a_waiting_worker(bench: Bench) -> None:
    bench.worker()
    _ask(bench)
    bench.call("approval.decide", request_id="ap_1", option="allow")
    assert _state(bench) == "idle"


def test_a_transition_never_touches_approvals(bench: Bench) -> None:
    bench.worker()
    bench.in_state("running")
    _ask(bench)
    for state in ("canceling", "idle", "stopped"):
        bench.call("worker.transition", worker_id="w1", to=state)
    assert bench.call("approval.get", request_id="ap_1")["state"] == "pending"
    bench.call("approval.decide", request_id="ap_1", option="allow")
    assert _state(bench) == "stopped"


@pytest.mark.parametrize("method", ["approval.get", "approval.wait", "approval.cancel"])
def test_another_workers_approval_is_not_found(bench: Bench, method: str) -> None:
    bench.worker("w1")
    bench.worker("w2")
    _ask(bench)
    other = bench.seated("w2")
    for caller_params in ({"worker_id": "w2"}, {"worker_id": "unknown"}):
        refusal = bench.refused(errors.ApprovalNotFound, method, request_id="ap_1", **caller_params)
        assert refusal.number == 1001
    bench.refused(errors.ApprovalNotFound, method, other, request_id="ap_1")
    bench.refused(errors.ApprovalNotFound, method, request_id="ap_none")
    decide = {"request_id": "ap_1", "option": "allow", "worker_id": "w2"}
    bench.refused(errors.ApprovalNotFound, "approval.decide", **decide)


def test_a_worker_does_not_decide_its_own_questions(bench: Bench) -> None:
    bench.worker()
    seated = bench.seated()
    bench.call("approval.request", seated, message="?")
    bench.refused(errors.Denied, "approval.decide", seated, request_id="ap_1", option="allow")


def test_list_is_pending_and_oldest_first_unless_told(bench: Bench) -> None:
    bench.worker("w1")
    bench.worker("w2", "c2")
    for worker_id in ("w1", "w2", "w1"):
        _ask(bench, worker_id=worker_id)
    bench.call("approval.decide", request_id="ap_1", option="allow")

    def ids(**params: object) -> list[str]:
        return [item["request_id"] for item in bench.call("approval.list", **params)["items"]]

    assert ids() == ["ap_2", "ap_3"]
    assert ids(state="all") == ["ap_1", "ap_2", "ap_3"]
    assert ids(state="decided") == ["ap_1"]
    assert ids(worker_id="w1") == ["ap_3"]
    assert ids(controller_id="c2") == ["ap_2"]
    assert ids(controller_id="c1", state="all") == ["ap_1", "ap_3"]
    assert ids(worker_id="w1", controller_id="c2") == []
    bench.refused(errors.InvalidParams, "approval.list", state="open")


def test_wait_is_ready_once_it_has_ended(bench: Bench) -> None:
    bench.worker()
    _ask(bench)
    waiting = bench.look("approval.wait", request_id="ap_1")
    assert not waiting.ready
    assert waiting.streams == ("controller:c1",)
    assert bench.call("approval.wait", request_id="ap_1")["state"] == "pending"
    bench.call("approval.cancel", request_id="ap_1")
    assert bench.look("approval.wait", request_id="ap_1").ready


def test_everything_is_journaled_with_the_peer(bench: Bench) -> None:
    bench.worker()
    seated = bench.seated(pid=700)
    bench.call("approval.request", seated, message="?")
    bench.call("approval.decide", request_id="ap_1", option="allow")
    bench.call("approval.request", seated, message="?")
    bench.call("approval.cancel", seated, request_id="ap_2")
    notes = [(type_, data) for type_, data in bench.notes() if type_.startswith("approval.")]
    host = {"host_id": bench.world.host_id}
    assert notes == [
        (type_, {"worker_id": "w1", "request_id": request_id, "uid": 1000, "pid": pid, **host})
        for type_, request_id, pid in [
            ("approval.requested", "ap_1", 700),
            ("approval.decided", "ap_1", 50),
            ("approval.requested", "ap_2", 700),
            ("approval.canceled", "ap_2", 700),
        ]
    ]
