"""Secrets that the caller brings: nothing of the answer is lost when it is lost on its way."""

from collections.abc import Callable

import pytest

from penholder_protocol import errors
from tests.helpers.harness import Bench, Json

TOKEN = "T" * 32
OTHER = "t_-4" * 8
CLAIM: dict[str, object] = {"runner_id": "r", "lease_ms": 1000}


def _run(bench: Bench) -> None:
    bench.call("run.create", run_id="r1", tenant_id="t", project_id="p", backend_profile="b")


def _task(bench: Bench) -> None:
    for number in (1, 2):
        bench.call(
            "queue.submit", queue_task_id=f"q{number}", tenant_id="t", project_id="p", queue="q"
        )


METHODS: dict[str, tuple[Callable[[Bench], object], dict[str, object]]] = {
    "controller.acquire": (Bench.controller, {"controller_id": "c1"}),
    "run.claim": (_run, {"run_id": "r1", **CLAIM}),
    "run.claim_next": (_run, CLAIM),
    "queue.claim": (_task, {"queue": "q", **CLAIM}),
    "queue.wait": (_task, {"queue": "q", **CLAIM}),
}


def _proof(answer: Json) -> Json:
    found = answer["items"][0] if "items" in answer else answer
    return found.get("lease", found)


@pytest.mark.parametrize("method", METHODS)
def test_the_answer_shows_no_token_and_is_given_again(bench: Bench, method: str) -> None:
    prepare, params = METHODS[method]
    prepare(bench)
    sent = {**params, "token": TOKEN, "idempotency_key": "k"}
    first = bench.call(method, **sent)
    assert _proof(first)["token"] is None
    before = bench.dump()
    bench.world.pass_ms(500)
    assert bench.call(method, **sent) == first
    assert bench.dump() == before
    assert TOKEN not in repr(before)


@pytest.mark.parametrize("method", METHODS)
def test_the_token_is_a_part_of_the_call(bench: Bench, method: str) -> None:
    prepare, params = METHODS[method]
    prepare(bench)
    bench.call(method, **params, token=TOKEN, idempotency_key="k")
    bench.refused(errors.IdempotencyConflict, method, **params, token=OTHER, idempotency_key="k")


@pytest.mark.parametrize("method", METHODS)
def test_without_one_all_is_as_it_was(bench: Bench, method: str) -> None:
    prepare, params = METHODS[method]
    prepare(bench)
    sent = {**params, "idempotency_key": "k"}
    token = _proof(bench.call(method, **sent))["token"]
    assert token is not None
    refusal = bench.refused(errors.IdempotencyNotKept, method, **sent)
    assert token not in repr(bench.dump())
    assert str(bench.registry.require(method).if_lost) in refusal.message


@pytest.mark.parametrize("token", ["x" * 31, "x" * 129, "x" * 32 + "\n", "é" * 40, "a b" * 20, 7])
@pytest.mark.parametrize("method", METHODS)
def test_a_token_is_32_to_128_plain_characters(bench: Bench, method: str, token: object) -> None:
    prepare, params = METHODS[method]
    prepare(bench)
    bench.refused(errors.InvalidParams, method, **params, token=token)


def test_the_callers_token_proves_what_it_was_brought_for(bench: Bench) -> None:
    bench.controller()
    handle = bench.call("controller.acquire", controller_id="c1", token=TOKEN)
    proof = {"controller_id": "c1", "epoch": handle["epoch"]}
    assert bench.call("controller.validate", **proof, token=TOKEN) == {"valid": True}
    assert bench.call("controller.validate", **proof, token=OTHER) == {"valid": False}


def test_one_token_serves_all_tasks_of_a_claim(bench: Bench) -> None:
    _task(bench)
    bench.call("queue.claim", queue="q", **CLAIM, token=OTHER)
    bench.call("queue.cancel", queue_task_id="q1")
    claimed = bench.call("queue.claim", queue="q", **CLAIM, max_tasks=2, token=TOKEN)["items"]
    assert [each["task"]["queue_task_id"] for each in claimed] == ["q2"]
    lease = {"epoch": claimed[0]["lease"]["epoch"], "token": TOKEN}
    assert bench.call("queue.complete", queue_task_id="q2", lease=lease)["state"] == "completed"


@pytest.mark.parametrize("token", [None, TOKEN])
@pytest.mark.parametrize("method", ["queue.claim", "queue.wait", "run.claim_next"])
def test_an_empty_answer_is_never_kept(bench: Bench, method: str, token: str | None) -> None:
    prepare, params = METHODS[method]
    sent = {**params, "token": token, "idempotency_key": "k"}
    assert bench.call(method, **sent) in (None, {"items": [], "next": None})
    prepare(bench)
    assert _proof(bench.call(method, **sent))["epoch"] == 1


def test_the_time_that_a_wait_has_left_is_no_part_of_the_call(bench: Bench) -> None:
    _task(bench)
    sent = {"queue": "q", **CLAIM, "token": TOKEN, "idempotency_key": "k"}
    first = bench.call("queue.wait", **sent, timeout_ms=30_000)
    assert bench.call("queue.wait", **sent, timeout_ms=12) == first
    assert bench.call("queue.wait", **sent) == first


def test_a_transaction_is_kept_unless_an_answer_in_it_shows_a_token(bench: Bench) -> None:
    _task(bench)
    claim = {"method": "queue.claim", "params": {"queue": "q", **CLAIM, "token": TOKEN}}
    none = {"method": "queue.claim", "params": {"queue": "empty", **CLAIM}}
    kept = {"calls": [claim, none], "idempotency_key": "k"}
    assert bench.call("tx.apply", **kept) == bench.call("tx.apply", **kept)
    del claim["params"]["token"]  # type: ignore[attr-defined]  # a dict
    secret = {"calls": [claim], "idempotency_key": "other"}
    bench.call("tx.apply", **secret)
    refusal = bench.refused(errors.IdempotencyNotKept, "tx.apply", **secret)
    assert "token" in refusal.message


def test_in_a_transaction_an_empty_claim_is_tried_again_under_its_own_key(bench: Bench) -> None:
    claim = {"queue": "q", **CLAIM, "token": TOKEN, "idempotency_key": "inner"}
    call = {"method": "queue.claim", "params": claim}
    empty: Json = {"items": [], "next": None}
    assert bench.call("tx.apply", calls=[call], idempotency_key="k") == {"results": [empty]}
    _task(bench)
    assert bench.call("tx.apply", calls=[call], idempotency_key="k") == {"results": [empty]}
    assert len(bench.call("queue.claim", **claim)["items"]) == 1


def test_what_a_reader_of_the_database_may_see_is_no_secret(bench: Bench) -> None:
    """Nothing of a token is stored but its hash, with the answer under a key too."""
    _run(bench)
    bench.call("run.claim", run_id="r1", **CLAIM, token=TOKEN, idempotency_key="k")
    assert TOKEN not in repr(bench.dump())
    assert TOKEN not in repr(bench.published)
