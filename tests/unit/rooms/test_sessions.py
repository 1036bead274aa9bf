"""The sessions room: what runs leave behind in the session that they share."""

import pytest

from penholder_protocol import errors
from tests.helpers.harness import Bench, Json
from tests.helpers.running import ask, attention, claim, make_run, make_run_in, session

AT = "2026-01-01T00:00:00.000Z"


def _active(bench: Bench) -> tuple[str, str | None, str | None]:
    found = session(bench)
    return found["state"], found["active_run_id"], found["active_command_id"]


def _version(bench: Bench, session_id: str = "s1") -> int:
    version: int = session(bench, session_id)["version"]
    return version


def _finish(bench: Bench, command_id: str, outcome: str = "completed", **params: object) -> Json:
    return bench.call("command.finish", command_id=command_id, outcome=outcome, **params)


def test_a_session_is_made_by_the_first_run_that_names_it(bench: Bench) -> None:
    bench.refused(errors.SessionNotFound, "session.get", session_id="s1")
    make_run_in(
        bench,
        conversation_id="c",
        thread_id="th",
        expires_at="2027-01-01T00:00:00Z",
        metadata={"a": 1},
    )
    assert session(bench) == {
        "session_id": "s1",
        "tenant_id": "t",
        "project_id": "p",
        "backend_profile": "codex",
        "conversation_id": "c",
        "thread_id": "th",
        "metadata": {"a": 1},
        "version": 1,
        "state": "idle",
        "last_run_id": "r1",
        "last_command_id": None,
        "active_run_id": None,
        "active_command_id": None,
        "last_event_seq": 1,
        "outcome": None,
        "failure_kind": None,
        "title": None,
        "last_activity_at": AT,
        "created_at": AT,
        "updated_at": AT,
        "expires_at": "2027-01-01T00:00:00.000Z",
    }


def test_later_references_change_nothing_but_last_run_id(bench: Bench) -> None:
    make_run_in(bench, conversation_id="c", metadata={"a": 1})
    before = session(bench)
    bench.world.pass_ms(5)
    second = make_run_in(
        bench, run_id="r2", conversation_id="other", thread_id="th", metadata={"title": "T"}
    )
    after = session(bench)
    at = "2026-01-01T00:00:00.005Z"
    changed = {"last_run_id": "r2", "last_activity_at": at, "updated_at": at}
    assert after == {**before, **changed}
    # What the session holds, and where it holds nothing what was given.
    assert second["session_ref"] == {
        "session_id": "s1",
        "conversation_id": "c",
        "thread_id": "th",
        "expires_at": None,
        "metadata": {"a": 1},
    }


def test_what_was_given_stands_only_where_the_session_holds_nothing(bench: Bench) -> None:
    make_run_in(bench)
    second = make_run_in(bench, run_id="r2", thread_id="given", metadata={"a": 1})
    assert second["session_ref"]["metadata"] == {"a": 1}
    bench.call("run.finish", run_id="r1", outcome="completed", thread_id="held", turn_id="tu")
    ref = bench.call("run.get", run_id="r2")["session_ref"]
    assert (ref["thread_id"], ref["metadata"]) == ("held", {"last_turn_id": "tu"})


@pytest.mark.parametrize(
    ("other", "error"),
    [
        ({"tenant_id": "t2"}, errors.TenantPolicyDenied),
        ({"project_id": "p2"}, errors.TenantPolicyDenied),
        ({"tenant_id": "t2", "backend_profile": "shell"}, errors.TenantPolicyDenied),
        ({"backend_profile": "shell"}, errors.SessionBackendMismatch),
    ],
)
def test_a_session_never_changes_hands(
    bench: Bench, other: dict[str, object], error: type[errors.PenholderError]
) -> None:
    make_run_in(bench)
    given = {"tenant_id": "t", "project_id": "p", "backend_profile": "codex", **other}
    refusal = bench.refused(error, "run.create", **given, session_ref={"session_id": "s1"})
    assert refusal.details["session_id"] == "s1"


def test_a_refused_run_makes_no_session(bench: Bench) -> None:
    make_run(bench)
    given = {"tenant_id": "t", "project_id": "p", "backend_profile": "codex"}
    ref = {"session_id": "s1"}
    bench.refused(errors.RunExists, "run.create", run_id="r1", **given, session_ref=ref)
    bench.refused(errors.SessionNotFound, "session.get", session_id="s1")


# --- state ------------------------------------------------------------------------------------
def test_one_run_from_beginning_to_end(bench: Bench) -> None:
    make_run_in(bench)
    assert _active(bench) == ("idle", None, None)
    lease = claim(bench)
    assert _active(bench) == ("running", "r1", None)
    ask(bench)
    assert _active(bench) == ("running", "r1", "cmd_1")
    bench.call("command.ack", command_id="cmd_1", lease=lease)
    assert attention(bench) == "active"
    _finish(bench, "cmd_1", "failed", failure_kind="kind", lease=lease)
    assert _active(bench) == ("terminal", None, None)
    assert attention(bench) == "unread"
    found = session(bench)
    assert (found["outcome"], found["failure_kind"]) == ("failed", "kind")
    assert (found["last_run_id"], found["last_command_id"]) == ("r1", "cmd_1")
    ask(bench)
    assert _active(bench) == ("running", "r1", "cmd_2")
    assert (session(bench)["outcome"], session(bench)["failure_kind"]) == (None, None)
    _finish(bench, "cmd_2", lease=lease)
    bench.call("run.finish", run_id="r1", outcome="blocked", failure_kind="b", lease=lease)
    assert _active(bench) == ("terminal", None, None)
    assert (session(bench)["outcome"], session(bench)["failure_kind"]) == ("blocked", "b")


def test_a_turn_makes_a_pending_run_active(bench: Bench) -> None:
    make_run_in(bench)
    ask(bench)
    assert _active(bench) == ("running", "r1", "cmd_1")


def test_a_steer_leaves_the_active_command_and_an_interrupt_changes_nothing(bench: Bench) -> None:
    make_run_in(bench)
    ask(bench, "interrupt")
    assert _active(bench) == ("idle", None, None)
    assert session(bench)["last_command_id"] is None
    ask(bench, "steer")
    assert _active(bench) == ("running", "r1", None)
    ask(bench, "turn")
    ask(bench, "steer")
    assert _active(bench) == ("running", "r1", "cmd_3")
    assert session(bench)["last_command_id"] == "cmd_4"
    for command_id in ("cmd_1", "cmd_2", "cmd_4"):
        _finish(bench, command_id)
    assert _active(bench) == ("running", "r1", "cmd_3")
    _finish(bench, "cmd_3")
    assert _active(bench) == ("terminal", None, None)


def test_a_steer_and_a_claim_keep_the_outcome(bench: Bench) -> None:
    make_run_in(bench)
    ask(bench)
    _finish(bench, "cmd_1", "failed", failure_kind="kind")
    claim(bench)
    ask(bench, "steer")
    assert _active(bench) == ("running", "r1", None)
    assert (session(bench)["outcome"], session(bench)["failure_kind"]) == ("failed", "kind")


@pytest.mark.parametrize("how", ["command.cancel", "run.cancel", "run.finish"])
def test_every_end_is_an_end(bench: Bench, how: str) -> None:
    make_run_in(bench)
    ask(bench)
    params: dict[str, object] = {"run_id": "r1"} if how != "command.cancel" else {}
    params |= {"command_id": "cmd_1"} if how == "command.cancel" else {}
    params |= {"outcome": "canceled"} if how == "run.finish" else {}
    bench.call(how, **params)
    assert _active(bench) == ("terminal", None, None)
    assert session(bench)["outcome"] == "canceled"
    assert attention(bench) == "unread"


def test_a_run_with_another_open_turn_goes_on(bench: Bench) -> None:
    make_run_in(bench)
    ask(bench)
    ask(bench)
    _finish(bench, "cmd_1")
    assert _active(bench) == ("running", "r1", "cmd_2")
    ask(bench)
    _finish(bench, "cmd_3", "failed")
    assert _active(bench) == ("running", "r1", None)
    assert session(bench)["outcome"] is None
    _finish(bench, "cmd_2", "completed")
    assert _active(bench) == ("terminal", None, None)
    assert session(bench)["outcome"] == "completed"


def test_of_several_runs_an_end_clears_only_what_names_it(bench: Bench) -> None:
    make_run_in(bench, run_id="r1")
    make_run_in(bench, run_id="r2")
    assert _active(bench) == ("idle", None, None)
    leases = {run_id: claim(bench, run_id) for run_id in ("r1", "r2")}
    ask(bench, run_id="r2")
    assert _active(bench) == ("running", "r2", "cmd_1")
    bench.call("run.finish", run_id="r1", outcome="failed", lease=leases["r1"])
    assert _active(bench) == ("running", "r2", "cmd_1")
    assert session(bench)["outcome"] is None
    bench.call("run.finish", run_id="r2", outcome="completed", lease=leases["r2"])
    assert _active(bench) == ("terminal", None, None)
    assert session(bench)["outcome"] == "completed"


def test_of_several_runs_the_last_active_one_ends_the_session(bench: Bench) -> None:
    make_run_in(bench, run_id="r1")
    make_run_in(bench, run_id="r2")
    leases = {run_id: claim(bench, run_id) for run_id in ("r1", "r2")}
    bench.call("run.finish", run_id="r2", outcome="completed", lease=leases["r2"])
    assert _active(bench) == ("running", None, None)
    assert attention(bench) == "active"
    bench.call("run.finish", run_id="r1", outcome="failed", lease=leases["r1"])
    assert _active(bench) == ("terminal", None, None)


def test_a_pending_run_keeps_nothing_running(bench: Bench) -> None:
    make_run_in(bench, run_id="r1")
    lease = claim(bench)
    make_run_in(bench, run_id="r2")
    bench.call("run.finish", run_id="r1", outcome="completed", lease=lease)
    assert _active(bench) == ("terminal", None, None)


def test_a_turn_that_outlives_its_run_ends_late(bench: Bench) -> None:
    make_run_in(bench)
    ask(bench)
    bench.call("run.finish", run_id="r1", outcome="completed")
    assert _active(bench) == ("terminal", None, None)
    version = _version(bench)
    _finish(bench, "cmd_1", "failed")
    assert _active(bench) == ("terminal", None, None)
    assert _version(bench) == version + 1


# --- version ----------------------------------------------------------------------------------
def test_the_version_is_one_counter_over_all_sessions(bench: Bench) -> None:
    make_run_in(bench, "s1", "r1")
    make_run_in(bench, "s2", "r2")
    assert (_version(bench, "s1"), _version(bench, "s2")) == (1, 2)
    ask(bench, run_id="r1")
    assert (_version(bench, "s1"), _version(bench, "s2")) == (3, 2)
    ask(bench, "steer", run_id="r2")
    assert (_version(bench, "s1"), _version(bench, "s2")) == (3, 4)


def test_what_raises_the_version_and_what_does_not(bench: Bench) -> None:
    make_run_in(bench)
    seen = [_version(bench)]

    def rose(by: int) -> None:
        seen.append(_version(bench))
        assert seen[-1] - seen[-2] == by

    lease = claim(bench)
    rose(0)
    bench.call("run.heartbeat", run_id="r1", lease_ms=1000, lease=lease)
    bench.call("run.append_event", run_id="r1", type="usage", lease=lease)
    make_run_in(bench, run_id="r2", metadata={"x": 1})
    rose(0)
    ask(bench, "interrupt")
    rose(0)
    ask(bench, "steer")
    rose(1)
    ask(bench, "turn")
    rose(1)
    bench.call("command.ack", command_id="cmd_3", lease=lease)
    bench.call("session.mark_read", session_id="s1", reader_id="me")
    rose(0)
    _finish(bench, "cmd_1", lease=lease, thread_id="th")
    _finish(bench, "cmd_2", lease=lease, thread_id="th")
    rose(0)
    _finish(bench, "cmd_3", lease=lease)
    rose(1)
    ask(bench)
    rose(1)
    _finish(bench, "cmd_4", lease=lease, thread_id="th")
    rose(2)  # the thread and the end
    bench.call("run.finish", run_id="r1", outcome="completed", lease=lease)
    rose(1)
    bench.call("run.cancel", run_id="r1")
    rose(0)


def test_the_thread_and_the_turn_that_named_it(bench: Bench) -> None:
    make_run_in(bench, metadata={"n": 123456789012345678901234567890, "last_turn_id": "old"})
    ask(bench)
    _finish(bench, "cmd_1", turn_id="tu1")
    assert session(bench)["thread_id"] is None
    ask(bench)
    _finish(bench, "cmd_2", thread_id="th1")
    assert session(bench)["metadata"]["last_turn_id"] == "old"
    ask(bench)
    _finish(bench, "cmd_3", thread_id="th2", turn_id="tu2")
    found = session(bench)
    assert (found["thread_id"], found["metadata"]["last_turn_id"]) == ("th2", "tu2")
    row = bench.database.row("SELECT metadata FROM sessions")
    assert row == ('{"n":123456789012345678901234567890,"last_turn_id":"tu2"}',)
    bench.call("run.finish", run_id="r1", outcome="completed", thread_id="th3", turn_id="tu3")
    found = session(bench)
    assert (found["thread_id"], found["metadata"]["last_turn_id"]) == ("th3", "tu3")


def test_activity_follows_events_not_heartbeats_acks_or_reading(bench: Bench) -> None:
    make_run_in(bench)
    lease = claim(bench)
    ask(bench)
    activity = (session(bench)["last_activity_at"], session(bench)["last_event_seq"])
    assert activity == (AT, 3)
    bench.world.pass_ms(5)
    bench.call("run.heartbeat", run_id="r1", lease_ms=1000, lease=lease)
    bench.call("command.ack", command_id="cmd_1", lease=lease)
    bench.call("session.mark_read", session_id="s1", reader_id="me")
    assert activity == (session(bench)["last_activity_at"], session(bench)["last_event_seq"])
    bench.call("run.append_event", run_id="r1", type="usage", lease=lease)
    assert session(bench)["last_event_seq"] == 4
    assert session(bench)["last_activity_at"] == "2026-01-01T00:00:00.005Z"
    make_run_in(bench, run_id="r2")
    assert session(bench)["last_event_seq"] == 1


# --- title ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("metadata", "title"),
    [
        ({"title": "  A title "}, "A title"),
        ({"title": "x" * 300}, "x" * 200),
        ({"title": "  "}, None),
        ({"title": ""}, None),
        ({"title": 5}, None),
        ({"title": ["a"]}, None),
        ({"title": None}, None),
        ({}, None),
    ],
)
def test_a_title_from_metadata(bench: Bench, metadata: Json, title: str | None) -> None:
    make_run_in(bench, metadata=metadata)
    assert session(bench)["title"] == title
    ask(bench, payload={"prompt": "asked"})
    assert session(bench)["title"] == (title or "asked")


def test_else_the_title_is_the_first_turn_that_has_a_prompt(bench: Bench) -> None:
    make_run_in(bench)
    ask(bench, "steer", payload={"prompt": "steered"})
    for payload in ({}, {"prompt": 5}, {"prompt": " \n "}):
        ask(bench, payload=payload)
    assert session(bench)["title"] is None
    ask(bench, payload={"prompt": f" why\n\tis  {'x' * 200}"})
    assert session(bench)["title"] == f"why is {'x' * 200}"[:120]
    ask(bench, payload={"prompt": "another"})
    assert session(bench)["title"].startswith("why")
