"""The runs room: made, found, listed, ended once."""

import pytest

from penholder_daemon.core.rules import Rules
from penholder_protocol import errors
from penholder_protocol.limits import MAX_VALUE_BYTES
from tests.helpers.harness import Bench, Json
from tests.helpers.running import (
    ask,
    claim,
    findings,
    ids,
    make_run,
    make_run_in,
    phases,
    said,
    session,
)

AT = "2026-01-01T00:00:00.000Z"
OUTCOMES = ["completed", "failed", "blocked", "canceled"]


def test_create_answers_the_record(bench: Bench) -> None:
    made = make_run(
        bench,
        session_ref={"session_id": "s1", "thread_id": "th"},
        resource_bundle_ref={"repository": "r"},
        metadata={"a": [1]},
    )
    assert made == {
        "run_id": "r1",
        "tenant_id": "t",
        "project_id": "p",
        "backend_profile": "codex",
        "session_ref": {
            "session_id": "s1",
            "conversation_id": None,
            "thread_id": "th",
            "expires_at": None,
            "metadata": {},
        },
        "resource_bundle_ref": {"repository": "r"},
        "metadata": {"a": [1]},
        "state": "pending",
        "failure_kind": None,
        "failure_message": None,
        "claimed_by": None,
        "lease_expires_at": None,
        "created_at": AT,
        "updated_at": AT,
    }
    assert bench.call("run.get", run_id="r1") == made
    event = {key: made[key] for key in ("backend_profile", "session_ref", "resource_bundle_ref")}
    assert said(bench) == [("backend_status", {"phase": "run-created", **event})]


def test_what_is_absent_is_null(bench: Bench) -> None:
    made = make_run(bench, None)
    assert made["run_id"] == "run_1"
    assert (made["session_ref"], made["resource_bundle_ref"], made["metadata"]) == (None, None, {})
    assert make_run(bench, session_ref=None, resource_bundle_ref=None)["session_ref"] is None


def test_any_backend_profile_is_accepted_and_an_id_only_once(bench: Bench) -> None:
    make_run(bench, backend_profile="of my own (v2)")
    bench.refused(
        errors.RunExists,
        "run.create",
        run_id="r1",
        tenant_id="other",
        project_id="p",
        backend_profile="codex",
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"tenant_id": ""},
        {"tenant_id": "a/b"},
        {"project_id": None},
        {"backend_profile": ""},
        {"resource_bundle_ref": []},
        {"metadata": 1},
        {"session_ref": {}},
        {"session_ref": {"session_id": "s", "color": 1}},
        {"session_ref": {"session_id": "s", "metadata": "m"}},
        {"session_ref": {"session_id": "s", "expires_at": "tomorrow"}},
        {"session_ref": {"session_id": "s", "expires_at": "2026-13-01T00:00:00Z"}},
        {"session_ref": {"session_id": "s", "expires_at": "2026-01-01T00:00:00+01:00"}},
    ],
)
def test_wrong_params_make_nothing(bench: Bench, wrong: dict[str, object]) -> None:
    good = {"run_id": "r1", "tenant_id": "t", "project_id": "p", "backend_profile": "b"}
    bench.refused(errors.InvalidParams, "run.create", **{**good, **wrong})


def test_values_have_their_limit_and_fill_a_run_up_to_it(bench: Bench) -> None:
    largest = {"x": "y" * (MAX_VALUE_BYTES - len('{"x":""}'))}
    make_run_in(bench, metadata=largest)
    ref = {"session_id": "s2", "metadata": largest}
    made = make_run(bench, "r2", session_ref=ref, resource_bundle_ref=largest, metadata=largest)
    assert bench.call("run.get", run_id="r2") == made
    read = bench.call("journal.read", streams=["run:r2"])
    assert read["items"][0]["data"]["resource_bundle_ref"] == largest
    over = {"x": largest["x"] + "y"}
    for wrong in (
        {"metadata": over},
        {"resource_bundle_ref": over},
        {"session_ref": {"session_id": "s3", "metadata": over}},
    ):
        good = {"run_id": "r3", "tenant_id": "t", "project_id": "p", "backend_profile": "b"}
        bench.refused(errors.ValueTooLarge, "run.create", **good, **wrong)


def test_secrets_of_references_are_not_in_the_stream_but_in_the_run(bench: Bench) -> None:
    make_run_in(bench, metadata={"auth": {"token": "abc"}})
    _, payload = said(bench)[0]
    assert payload["session_ref"]["metadata"] == {"auth": {"token": "[redacted]"}}
    held = bench.call("run.get", run_id="r1")["session_ref"]["metadata"]
    assert held == {"auth": {"token": "abc"}}


def test_secrets_cannot_make_an_entry_that_nobody_could_be_sent(bench: Bench) -> None:
    secrets = {f"{n:05d}_token": 1 for n in range(MAX_VALUE_BYTES // 16 - 1)}
    good = {"run_id": "r1", "tenant_id": "t", "project_id": "p", "backend_profile": "b"}
    ref = {"session_id": "s", "metadata": secrets}
    bench.refused(
        errors.ValueTooLarge, "run.create", **good, session_ref=ref, resource_bundle_ref=secrets
    )


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("2026-02-03T04:05:06Z", "2026-02-03T04:05:06.000Z"),
        ("2026-02-03T04:05:06.7Z", "2026-02-03T04:05:06.700Z"),
        ("2026-02-03T04:05:06.789Z", "2026-02-03T04:05:06.789Z"),
        ("2026-02-03T04:05:06.789123456Z", "2026-02-03T04:05:06.789Z"),
    ],
)
def test_a_given_time_is_kept_with_milliseconds(bench: Bench, given: str, kept: str) -> None:
    assert make_run_in(bench, expires_at=given)["session_ref"]["expires_at"] == kept
    assert session(bench)["expires_at"] == kept


def test_only_configured_tenants_if_any_are(bench: Bench) -> None:
    bench.world.rules = Rules(allowed_tenants=frozenset({"t"}))
    make_run(bench)
    refusal = bench.refused(
        errors.TenantPolicyDenied,
        "run.create",
        tenant_id="other",
        project_id="p",
        backend_profile="b",
    )
    assert refusal.details["tenant_id"] == "other"
    bench.world.rules = Rules(allowed_tenants=frozenset())
    bench.refused(
        errors.TenantPolicyDenied, "run.create", tenant_id="t", project_id="p", backend_profile="b"
    )


def test_list_is_newest_first_and_its_filters_combine(bench: Bench) -> None:
    for number in range(8):
        make_run(bench, f"r{number}", tenant_id=f"t{number % 2}", project_id=f"p{number % 3}")
    claim(bench, "r3")
    bench.call("run.cancel", run_id="r4")
    assert ids(bench, "run.list") == [f"r{number}" for number in reversed(range(8))]
    assert ids(bench, "run.list", tenant_id="t1") == ["r7", "r5", "r3", "r1"]
    assert ids(bench, "run.list", project_id="p0") == ["r6", "r3", "r0"]
    assert ids(bench, "run.list", state="claimed") == ["r3"]
    assert ids(bench, "run.list", tenant_id="t0", project_id="p1", state="canceled") == ["r4"]
    assert ids(bench, "run.list", tenant_id="t1", state="canceled") == []
    for wrong in ({"limit": 0}, {"limit": 1001}, {"state": "running"}, {"cursor": "x"}):
        bench.refused(errors.InvalidParams, "run.list", **wrong)


def test_an_unknown_run_is_not_found(bench: Bench) -> None:
    calls: dict[str, dict[str, object]] = {
        "run.get": {},
        "run.claim": {"runner_id": "rn1", "lease_ms": 1},
        "run.heartbeat": {"lease_ms": 1},
        "run.append_event": {"type": "usage"},
        "run.events": {},
        "run.finish": {"outcome": "completed"},
        "run.cancel": {},
        "command.create": {"type": "turn"},
        "command.list": {},
        "command.next": {},
        "job.list": {},
    }
    for method, params in calls.items():
        bench.refused(errors.RunNotFound, method, run_id="nope", **params)


# --- the end ----------------------------------------------------------------------------------
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_finish_ends_a_run(bench: Bench, outcome: str) -> None:
    make_run(bench)
    lease = claim(bench)
    bench.world.pass_ms(5)
    ended = bench.call(
        "run.finish",
        run_id="r1",
        outcome=outcome,
        failure_kind="out of luck",
        failure_message="why",
        lease=lease,
    )
    assert ended["state"] == outcome
    assert (ended["failure_kind"], ended["failure_message"]) == ("out of luck", "why")
    assert (ended["claimed_by"], ended["lease_expires_at"]) == ("rn1", None)
    assert ended["updated_at"] == "2026-01-01T00:00:00.005Z"
    end = {"outcome": outcome, "failure_kind": "out of luck", "message": "why"}
    assert said(bench)[-1] == ("terminal_status", end)


def test_a_pending_run_can_be_finished_without_a_lease(bench: Bench) -> None:
    make_run(bench)
    ended = bench.call("run.finish", run_id="r1", outcome="completed")
    assert (ended["state"], ended["claimed_by"], ended["failure_kind"]) == ("completed", None, None)


def _change_nothing(bench: Bench, method: str, **params: object) -> Json:
    """Make a call that must answer what stands and leave all as it is."""
    before, entries = bench.dump(), len(bench.published)
    answer = bench.call(method, **params)
    assert bench.dump() == before
    assert len(bench.published) == entries
    return answer


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_a_run_that_ended_stays_as_it_stands(bench: Bench, outcome: str) -> None:
    make_run_in(bench)
    lease = claim(bench)
    ended = bench.call("run.finish", run_id="r1", outcome=outcome, lease=lease)
    bench.world.pass_ms(100_000)
    proofs: tuple[dict[str, object], ...] = ({}, {"lease": lease})
    for given in proofs:
        for other in OUTCOMES:
            again = _change_nothing(
                bench, "run.finish", run_id="r1", outcome=other, thread_id="th", **given
            )
            assert again == ended
        beat = _change_nothing(bench, "run.heartbeat", run_id="r1", lease_ms=9, **given)
        assert beat == {"run": ended, "lease": None}
    assert _change_nothing(bench, "run.cancel", run_id="r1") == ended
    for runner_id in ("rn1", "rn2"):
        refusal = bench.refused(
            errors.RunTerminal, "run.claim", run_id="r1", runner_id=runner_id, lease_ms=1
        )
        assert refusal.details["current_state"] == outcome
    assert bench.call("run.claim_next", runner_id="rn2", lease_ms=1) is None


def test_finish_leaves_open_commands_open(bench: Bench) -> None:
    make_run(bench)
    ask(bench)
    bench.call("run.finish", run_id="r1", outcome="completed")
    assert bench.call("command.get", command_id="cmd_1")["state"] == "pending"
    assert phases(bench) == ["run-created", "command-created", "terminal_status"]
    assert bench.call("command.next", run_id="r1") is None
    bench.call("command.finish", command_id="cmd_1", outcome="failed")
    assert phases(bench)[-1] == "command-terminal"


def test_cancel_ends_commands_by_number_then_the_run(bench: Bench) -> None:
    make_run(bench)
    lease = claim(bench)
    for type_ in ("turn", "steer", "turn", "interrupt"):
        ask(bench, type_)
    bench.call("command.ack", command_id="cmd_3", lease=lease)
    bench.call("command.finish", command_id="cmd_2", outcome="completed", lease=lease)
    before = len(said(bench))
    ended = bench.call("run.cancel", run_id="r1", reason="enough")
    assert ended["state"] == ended["failure_kind"] == "canceled"
    assert ended["failure_message"] == "enough"

    def terminal(command_id: str) -> tuple[str, Json]:
        return "backend_status", {
            "phase": "command-terminal",
            "command_id": command_id,
            "state": "canceled",
            "outcome": "canceled",
            "failure_kind": "canceled",
            "message": "enough",
        }

    assert said(bench)[before:] == [
        terminal("cmd_1"),
        terminal("cmd_3"),
        terminal("cmd_4"),
        ("backend_status", {"phase": "cancel-requested", "reason": "enough"}),
        (
            "terminal_status",
            {"outcome": "canceled", "failure_kind": "canceled", "message": "enough"},
        ),
    ]
    states = [each["state"] for each in bench.call("command.list", run_id="r1")["items"]]
    assert states == ["canceled", "completed", "canceled", "canceled"]


def test_cancel_needs_no_lease_and_has_a_reason_by_default(bench: Bench) -> None:
    make_run(bench)
    claim(bench)
    assert bench.call("run.cancel", run_id="r1")["failure_message"] == "cancel requested"


def test_session_updated_comes_before_the_end(bench: Bench) -> None:
    make_run_in(bench)
    bench.call("run.finish", run_id="r1", outcome="completed", thread_id="th", turn_id="tu")
    assert phases(bench) == ["run-created", "session-updated", "terminal_status"]
    assert said(bench)[1][1] == {
        "phase": "session-updated",
        "session_id": "s1",
        "thread_id": "th",
        "turn_id": "tu",
    }
    assert bench.call("run.get", run_id="r1")["session_ref"]["thread_id"] == "th"


def test_a_thread_without_a_session_is_nobodys(bench: Bench) -> None:
    make_run(bench)
    bench.call("run.finish", run_id="r1", outcome="completed", thread_id="th")
    assert phases(bench) == ["run-created", "terminal_status"]


@pytest.mark.parametrize("wrong", [{"outcome": "done"}, {"failure_kind": "x" * 129}])
def test_finish_takes_known_outcomes_and_kinds_of_bounded_length(
    bench: Bench, wrong: dict[str, object]
) -> None:
    make_run(bench)
    bench.refused(
        errors.InvalidParams, "run.finish", **{"run_id": "r1", "outcome": "failed", **wrong}
    )
    bench.call("run.finish", run_id="r1", outcome="failed", failure_kind="ä" * 128)


def test_runs_are_not_made_listed_or_canceled_by_workers(bench: Bench) -> None:
    bench.worker()
    seated = bench.seated()
    make_run(bench)
    for method, params in {
        "run.create": {"tenant_id": "t", "project_id": "p", "backend_profile": "b"},
        "run.list": {},
        "run.cancel": {"run_id": "r1"},
    }.items():
        bench.refused(errors.Denied, method, seated, **params)


@pytest.mark.parametrize(
    ("damage", "check"),
    [
        ("UPDATE fences SET token_hash = NULL", "runs_claimed_by_holders"),
        ("UPDATE runs SET claimed_by = NULL", "runs_claimed_by_holders"),
        ("DELETE FROM leases", "runs_claimed_under_leases"),
        ("UPDATE runs SET state = 'failed', is_active = 0", "runs_claimed_under_leases"),
        ("UPDATE commands SET seq = 9", "commands_numbered_by_their_runs"),
        ("UPDATE sessions SET version = 99", "session_versions"),
        ("UPDATE runs SET session_id = NULL", "sessions_with_runs_of_their_own"),
    ],
)
def test_verify_finds_damage(bench: Bench, damage: str, check: str) -> None:
    make_run_in(bench)
    claim(bench)
    ask(bench)
    assert findings(bench) == set()
    bench.database.run(damage)
    assert findings(bench) == {check}


def test_verify_finds_a_run_that_ended_and_is_active(bench: Bench) -> None:
    make_run_in(bench)
    bench.call("run.cancel", run_id="r1")
    bench.database.run("UPDATE runs SET is_active = 1")
    assert findings(bench) == {"runs_ended_are_not_active"}


def test_a_run_is_made_once_under_a_key(bench: Bench) -> None:
    made = make_run(bench, None, idempotency_key="k")
    assert make_run(bench, None, idempotency_key="k") == made
    assert len(bench.call("run.list")["items"]) == 1
