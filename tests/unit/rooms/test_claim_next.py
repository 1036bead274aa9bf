"""The next run to claim is found among any number of runs that others hold."""

import pytest

from penholder_daemon.core import budget
from penholder_daemon.rooms.runs.records import claiming
from tests.helpers.fakes import Listening
from tests.helpers.harness import Bench
from tests.helpers.running import claim, make_run
from tests.helpers.stores import sqlite_only


def _next(bench: Bench, **wanted: str) -> str | None:
    found = bench.call("run.claim_next", runner_id="n", lease_ms=100_000, **wanted)
    return None if found is None else str(found["run"]["run_id"])


@pytest.mark.parametrize("expired", [1, 100, 101, 150])
def test_the_oldest_of_few_and_of_many_that_ran_out(bench: Bench, expired: int) -> None:
    for number in range(200):
        make_run(bench, f"r{number}", tenant_id="t" if number % 2 else "u")
        is_expired = 20 <= number < 20 + expired
        claim(bench, f"r{number}", lease_ms=10 if is_expired else 1_000_000)
    bench.world.pass_ms(10)
    assert _next(bench) == "r20"
    assert _next(bench, tenant_id="t") == ("r21" if expired > 1 else None)
    assert _next(bench, project_id="other") is None


def test_runs_that_others_hold_cost_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(1000):
        make_run(bench, f"r{number}")
    held = {"method": "run.claim_next", "params": {"runner_id": "a", "lease_ms": 1_000_000}}
    bench.call("tx.apply", calls=[held] * 1000)
    monkeypatch.setattr(budget, "MAX_MUTATION_STEPS", 3_000_000)
    bench.call("tx.apply", calls=[held] * 1000)


@sqlite_only("plans")
def test_few_that_ran_out_are_found_along_their_deadlines(bench: Bench) -> None:
    make_run(bench, "r1")
    claim(bench, "r1", lease_ms=1)
    bench.world.pass_ms(1)
    store = Listening(bench.database)
    assert claiming.oldest(bench.tx(store=store)) is not None
    plans = [step for sql, plan in store.plans if "FROM leases l" in sql for step in plan]
    assert any("INDEX leases_of_runs" in step for step in plans)
    assert not any(step.startswith("SCAN l") for step in plans)
