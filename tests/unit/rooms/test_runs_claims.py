"""Claims of runs: leases, their expiry, who is fenced, who is denied."""

import pytest

from penholder_daemon.core.effects import WithdrawStream
from penholder_daemon.rooms.runs.records import claiming
from penholder_protocol import errors
from tests.helpers.fakes import Listening
from tests.helpers.harness import Bench, Json
from tests.helpers.running import (
    Lease,
    ask,
    claim,
    make_run,
    make_run_in,
    phases,
    proof,
    said,
    session,
)
from tests.helpers.stores import sqlite_only

WRITES: dict[str, dict[str, object]] = {
    "run.heartbeat": {"run_id": "r1", "lease_ms": 1000},
    "run.append_event": {"run_id": "r1", "type": "usage"},
    "run.finish": {"run_id": "r1", "outcome": "completed"},
    "command.ack": {"command_id": "cmd_1"},
    "command.finish": {"command_id": "cmd_1", "outcome": "completed"},
}


def test_claim_answers_the_run_and_a_lease(bench: Bench) -> None:
    make_run_in(bench)
    bench.world.pass_ms(1)
    claimed = bench.call("run.claim", run_id="r1", runner_id="rn1", lease_ms=2000)
    assert claimed["lease"] == {
        "epoch": 1,
        "token": "token-1",
        "expires_at": "2026-01-01T00:00:02.001Z",
    }
    run = claimed["run"]
    assert (run["state"], run["claimed_by"]) == ("claimed", "rn1")
    assert run["lease_expires_at"] == claimed["lease"]["expires_at"]
    assert run["updated_at"] == "2026-01-01T00:00:00.001Z"
    assert said(bench)[-1] == ("backend_status", {"phase": "run-claimed", "runner_id": "rn1"})
    assert bench.call("run.get", run_id="r1") == run


@pytest.mark.parametrize("lease_ms", [0, -1, 86_400_001, 1.5])
def test_a_lease_has_a_bounded_length(bench: Bench, lease_ms: object) -> None:
    make_run(bench)
    call = {"run_id": "r1", "runner_id": "rn1", "lease_ms": lease_ms}
    bench.refused(errors.InvalidParams, "run.claim", **call)
    claim(bench, lease_ms=86_400_000)


def test_another_runner_waits_until_the_lease_ran_out(bench: Bench) -> None:
    make_run(bench)
    first = claim(bench, lease_ms=1000)
    call: dict[str, object] = {"run_id": "r1", "runner_id": "rn2", "lease_ms": 1000}
    bench.world.pass_ms(999)
    refusal = bench.refused(errors.RunnerLeaseConflict, "run.claim", **call)
    assert refusal.details == {"run_id": "r1", "claimed_by": "rn1"}
    bench.world.pass_ms(1)
    second = bench.call("run.claim", **call)
    assert second["lease"]["epoch"] == 2
    fenced = bench.refused(errors.Fenced, "run.heartbeat", run_id="r1", lease_ms=1, lease=first)
    assert fenced.details == {"run_id": "r1", "current_epoch": 2}


def test_the_same_runner_again_gets_a_new_lease(bench: Bench) -> None:
    make_run(bench)
    old, new = claim(bench), claim(bench)
    assert (old["epoch"], new["epoch"]) == (1, 2)
    bench.refused(errors.Fenced, "run.append_event", run_id="r1", type="usage", lease=old)
    bench.call("run.append_event", run_id="r1", type="usage", lease=new)
    assert phases(bench) == ["run-created", "run-claimed", "run-claimed", "usage"]


@pytest.mark.parametrize("method", WRITES)
def test_what_is_claimed_takes_the_newest_lease(bench: Bench, method: str) -> None:
    make_run(bench)
    ask(bench)
    old, new = claim(bench), claim(bench)
    refusal = bench.refused(errors.FenceRequired, method, **WRITES[method])
    assert refusal.details == {"run_id": "r1", "current_epoch": 2}
    for wrong in (old, {**new, "token": old["token"]}, {**new, "epoch": 3}):
        fenced = bench.refused(errors.Fenced, method, **WRITES[method], lease=wrong)
        assert fenced.details == {"run_id": "r1", "current_epoch": 2}
    shapes: tuple[object, ...] = ({"epoch": 2}, {**new, "expires_at": "x"}, [])
    for malformed in shapes:
        bench.refused(errors.InvalidParams, method, **WRITES[method], lease=malformed)
    bench.call(method, **WRITES[method], lease=new)


@pytest.mark.parametrize("method", [each for each in WRITES if each != "run.heartbeat"])
def test_what_is_pending_takes_none(bench: Bench, method: str) -> None:
    make_run(bench)
    ask(bench)
    lease = {"epoch": 1, "token": "guess"}
    refusal = bench.refused(errors.Fenced, method, **WRITES[method], lease=lease)
    assert refusal.details["current_epoch"] == 0
    bench.call(method, **WRITES[method])


def test_a_pending_run_has_no_lease_to_renew(bench: Bench) -> None:
    make_run(bench)
    bench.refused(errors.FenceRequired, "run.heartbeat", run_id="r1", lease_ms=1)


def test_a_heartbeat_renews_and_does_not_show_the_token(bench: Bench) -> None:
    make_run_in(bench)
    lease = claim(bench, lease_ms=1000)
    bench.world.pass_ms(900)
    activity = session(bench)["last_activity_at"]
    beaten = bench.call("run.heartbeat", run_id="r1", lease_ms=5000, lease=lease)
    expires_at = "2026-01-01T00:00:05.900Z"
    assert beaten["lease"] == {"epoch": 1, "token": None, "expires_at": expires_at}
    assert beaten["run"]["lease_expires_at"] == expires_at
    assert beaten["run"] == bench.call("run.get", run_id="r1")
    assert session(bench)["last_activity_at"] == activity
    assert phases(bench)[-1] == "run-claimed"


def test_an_expired_run_stays_claimed_and_its_holder_goes_on(bench: Bench) -> None:
    make_run(bench)
    lease = claim(bench, lease_ms=1000)
    bench.world.pass_ms(5000)
    run = bench.call("run.get", run_id="r1")
    assert (run["state"], run["claimed_by"]) == ("claimed", "rn1")
    bench.call("run.append_event", run_id="r1", type="usage", lease=lease)
    bench.call("run.heartbeat", run_id="r1", lease_ms=1000, lease=lease)
    refused = {"run_id": "r1", "runner_id": "rn2", "lease_ms": 1}
    bench.refused(errors.RunnerLeaseConflict, "run.claim", **refused)
    bench.world.pass_ms(1000)
    claim(bench, runner_id="rn2")
    bench.refused(errors.Fenced, "run.append_event", run_id="r1", type="usage", lease=lease)
    assert bench.call("run.get", run_id="r1")["claimed_by"] == "rn2"


def test_after_a_stall_a_lease_has_fresh_grace(bench: Bench) -> None:
    make_run(bench)
    claim(bench, lease_ms=1000)
    bench.world.pass_ms(60_000)  # nobody could have renewed: the writer was away itself
    bench.committer.heartbeat()
    refused = {"run_id": "r1", "runner_id": "rn2", "lease_ms": 1}
    bench.refused(errors.RunnerLeaseConflict, "run.claim", **refused)
    assert bench.call("run.claim_next", runner_id="rn2", lease_ms=1) is None
    expires_at = bench.call("run.get", run_id="r1")["lease_expires_at"]
    assert expires_at == "2026-01-01T00:01:01.000Z"
    bench.world.pass_ms(1000)
    claim(bench, runner_id="rn2")


def test_epochs_grow_past_the_end_and_the_last_holder_may_add_to_the_stream(bench: Bench) -> None:
    make_run(bench)
    old = claim(bench)
    last = claim(bench)
    bench.call("run.cancel", run_id="r1")
    bench.call("run.append_event", run_id="r1", type="usage", lease=last)
    bench.call("run.append_event", run_id="r1", type="usage")
    for method, params in WRITES.items():
        if method.startswith("run."):
            bench.refused(errors.Fenced, method, **params, lease=old)


def test_the_answer_of_a_claim_is_never_kept(bench: Bench) -> None:
    make_run(bench)
    call: dict[str, object] = {"runner_id": "rn1", "lease_ms": 1000, "idempotency_key": "k"}
    bench.call("run.claim", run_id="r1", **call)
    bench.refused(errors.IdempotencyNotKept, "run.claim", run_id="r1", **call)
    make_run(bench, "r2")
    bench.call("run.claim_next", **call)
    bench.refused(errors.IdempotencyNotKept, "run.claim_next", **call)
    kept = [row for rows in bench.dump().values() for row in rows]
    assert not any("token-1" in str(value) for row in kept for value in row)


# --- the next one -----------------------------------------------------------------------------
def _next(bench: Bench, runner_id: str = "rn1", **params: object) -> str | None:
    found: Json = bench.call(
        "run.claim_next", **{"runner_id": runner_id, "lease_ms": 1000, **params}
    )
    return None if found is None else str(found["run"]["run_id"])


def test_claim_next_takes_the_oldest_pending_or_expired(bench: Bench) -> None:
    assert _next(bench) is None
    for run_id in ("r1", "r2", "r3", "r4"):
        make_run(bench, run_id)
    bench.call("run.cancel", run_id="r1")
    assert [_next(bench), _next(bench, "rn2")] == ["r2", "r3"]
    bench.world.pass_ms(500)
    lease = proof(bench.call("run.claim", run_id="r3", runner_id="rn2", lease_ms=10_000))
    bench.world.pass_ms(500)
    assert [_next(bench), _next(bench), _next(bench)] == ["r2", "r4", None]
    bench.call("run.finish", run_id="r3", outcome="completed", lease=lease)
    bench.world.pass_ms(1000)
    assert [_next(bench, "rn3"), _next(bench, "rn3"), _next(bench, "rn3")] == ["r2", "r4", None]


def test_claim_next_filters(bench: Bench) -> None:
    make_run(bench, "r1", tenant_id="t1", project_id="p1", backend_profile="b1")
    make_run(bench, "r2", tenant_id="t2", project_id="p1", backend_profile="b2")
    make_run(bench, "r3", tenant_id="t2", project_id="p2", backend_profile="b1")
    assert _next(bench, tenant_id="t2", project_id="p2") == "r3"
    assert _next(bench, backend_profile="b3") is None
    assert _next(bench, backend_profile="b2") == "r2"
    bench.world.pass_ms(1000)
    assert _next(bench, tenant_id="t2", backend_profile="b1") == "r3"
    assert _next(bench, project_id="p1") == "r1"


@sqlite_only("plans")
@pytest.mark.parametrize("state", ["pending", "claimed"])
def test_claim_next_reads_along_an_index(bench: Bench, state: str) -> None:
    for number in range(105):
        make_run(bench, f"r{number}")
    store = Listening(bench.database)
    if state == "claimed":
        for number in range(101):
            claim(bench, f"r{number}", lease_ms=1)
        bench.world.pass_ms(1)
    tx = bench.tx(store=store)
    for filters in ({}, {"tenant_id": "t"}, {"project_id": "p", "backend_profile": "codex"}):
        assert claiming.oldest(tx, **filters) is not None
    # Along an index of the state: the runs that have ended are never passed over.
    steps = [step for sql, plan in store.plans if f"state = '{state}'" in sql for step in plan]
    assert sum("SEARCH runs USING" in step and "(state=?" in step for step in steps) == 3
    assert not any(step.startswith("SCAN") or "TEMP B-TREE" in step for step in steps)


# --- workers ----------------------------------------------------------------------------------
def test_a_worker_is_its_own_runner(bench: Bench) -> None:
    bench.worker()
    seated = bench.seated()
    make_run(bench)
    bench.refused(errors.Denied, "run.claim", seated, run_id="r1", runner_id="rn1", lease_ms=1000)
    claimed = bench.call("run.claim", seated, run_id="r1", lease_ms=1000)
    assert claimed["run"]["claimed_by"] == "w1"
    lease = proof(claimed)
    for method in ("run.append_event", "run.heartbeat", "run.finish"):
        bench.refused(errors.FenceRequired, method, seated, **WRITES[method])
        bench.call(method, seated, **WRITES[method], lease=lease)
    make_run(bench, "r2")
    assert bench.call("run.claim_next", seated, lease_ms=1)["run"]["claimed_by"] == "w1"


def test_a_claim_takes_the_seat(bench: Bench) -> None:
    bench.worker()
    make_run(bench)
    bench.refused(errors.NotAttached, "run.claim", bench.peer(), run_id="r1", lease_ms=1)
    assert bench.call("run.get", bench.peer(), run_id="r1")["state"] == "pending"


READS: dict[str, dict[str, object]] = {
    "run.get": {"run_id": "r1"},
    "run.events": {"run_id": "r1"},
    "command.get": {"command_id": "cmd_1"},
    "command.list": {"run_id": "r1"},
    "command.next": {"run_id": "r1"},
}


@pytest.mark.parametrize("method", [*READS, *WRITES])
@pytest.mark.parametrize("ended", [False, True])
def test_what_others_have_claimed_is_denied_to_a_worker(
    bench: Bench, method: str, ended: bool
) -> None:
    bench.worker("w1")
    bench.worker("w2")
    own, other = bench.seated("w1", 700), bench.seated("w2", 800)
    make_run(bench)
    ask(bench)
    params = READS.get(method) or WRITES[method]
    if method in READS:
        bench.call(method, other, **params)
    lease = proof(bench.call("run.claim", own, run_id="r1", lease_ms=1000))
    if ended:
        bench.call("run.finish", own, run_id="r1", outcome="completed", lease=lease)
    given: list[dict[str, object]] = [{}] if method in READS else [{}, {"lease": lease}]
    for proven in given:
        bench.refused(errors.Denied, method, other, **params, **proven)
    bench.call(method, own, **params, **given[-1])


def test_a_worker_that_lost_its_claim_is_fenced(bench: Bench) -> None:
    bench.worker("w1")
    bench.worker("w2")
    slow, fast = bench.seated("w1", 700), bench.seated("w2", 800)
    make_run(bench)
    ask(bench)
    old: Lease = proof(bench.call("run.claim", slow, run_id="r1", lease_ms=10))
    call: dict[str, object] = {"run_id": "r1", "lease_ms": 10}
    bench.refused(errors.RunnerLeaseConflict, "run.claim", fast, **call)
    bench.world.pass_ms(10)
    bench.call("run.claim", fast, **call)
    for method, params in WRITES.items():
        refusal = bench.refused(errors.Fenced, method, slow, **params, lease=old)
        assert refusal.details["current_epoch"] == 2
        bench.refused(errors.Denied, method, slow, **params)


def test_a_worker_reads_the_stream_of_the_runs_it_has_claimed(bench: Bench) -> None:
    bench.worker()
    seated = bench.seated()
    for run_id in ("r1", "r2"):
        make_run(bench, run_id)
    claim(bench, "r2")
    refused = ("run:r1", "run:r2", "run:none", "run:")
    for method in ("journal.read", "journal.wait", "journal.subscribe"):
        for stream in refused[:3]:
            call = {"streams": ["worker:w1", stream], "after": 0}
            bench.refused(errors.Denied, method, seated, **call)
    lease = proof(bench.call("run.claim", seated, run_id="r1", lease_ms=1000))
    for method in ("journal.read", "journal.wait"):
        found = bench.call(method, seated, streams=["run:r1"], after=0)
        assert len(found["items"]) == 2
    bench.call("journal.subscribe", seated, streams=["run:r1", "worker:w1"], after="start")
    bench.call("run.finish", seated, run_id="r1", outcome="completed", lease=lease)
    assert len(bench.call("journal.read", seated, streams=["run:r1"])["items"]) == 3


def test_who_takes_a_run_takes_its_stream_from_the_others(bench: Bench) -> None:
    make_run(bench)
    claim(bench, "r1", "rn1", lease_ms=10)
    claim(bench, "r1", "rn1", lease_ms=10)
    assert not [each for each in bench.effects if isinstance(each, WithdrawStream)]
    bench.world.pass_ms(10)
    claim(bench, "r1", "rn2")
    assert bench.effects[-1] == WithdrawStream("run:r1", "rn2")
