"""Exactly once, if the caller asks."""

import hashlib

import pytest

from penholder_daemon.core import idempotency
from penholder_daemon.core.caller import CONTROL, Caller
from penholder_protocol import errors
from penholder_protocol.limits import IDEMPOTENCY_RETENTION_MS
from tests.helpers.harness import Bench, Json

OTHER_USER = Caller(CONTROL, 2000, 60)


def _append(bench: Bench, key: str = "k", **params: object) -> Json:
    return bench.call(
        "event.append", **{"worker_id": "w1", "type": "x", **params}, idempotency_key=key
    )


def test_sent_again_it_answers_the_first_answer_and_does_nothing(bench: Bench) -> None:
    bench.worker()
    first = _append(bench)
    before, published = bench.dump(), len(bench.published)
    bench.world.pass_ms(1000)
    assert _append(bench) == first
    assert bench.dump() == before
    assert len(bench.published) == published


def test_the_order_of_members_and_white_space_do_not_count(bench: Bench) -> None:
    bench.worker()
    method = bench.registry.require("event.append")
    caller = Caller(CONTROL, 1000, 50)
    answers = [
        bench.run([method.invoke(caller, text, None)])[0]
        for text in (
            b'{"worker_id":"w1","type":"x","data":{"a":1,"b":2},"idempotency_key":"k"}',
            b'{ "idempotency_key":"k", "data" : {"b":2, "a":1},"type":"\\u0078","worker_id":"w1" }',
        )
    ]
    assert isinstance(answers[0], bytes)
    assert answers[0] == answers[1]


def test_the_hash_is_of_canonical_json_without_fence_and_key() -> None:
    canonical = b'{"a":{"x":1,"y":[]},"b":2}'
    given = b'{"b":2,"fence":{"epoch":1,"token":"t"},"a":{"y":[],"x":1},"idempotency_key":"k"}'
    found = idempotency.canonical_hash(given, lambda _, params: params)
    assert found == hashlib.sha256(canonical).hexdigest()


def test_the_same_key_with_other_params_is_a_conflict(bench: Bench) -> None:
    bench.worker()
    _append(bench)
    refusal = bench.refused(
        errors.IdempotencyConflict,
        "event.append",
        worker_id="w1",
        type="other",
        idempotency_key="k",
    )
    assert refusal.number == 1002
    assert refusal.details == {"method": "event.append", "idempotency_key": "k"}


def test_a_default_that_is_spelled_out_is_another_call(bench: Bench) -> None:
    """The key covers the params as they were sent."""
    bench.worker()
    _append(bench)
    with pytest.raises(errors.IdempotencyConflict):
        _append(bench, data={})


def test_keys_count_by_method_and_by_caller(bench: Bench) -> None:
    bench.worker()
    seated = bench.seated()
    params: dict[str, object] = {"type": "x", "idempotency_key": "k"}
    seqs = [
        _append(bench)["event_seq"],
        bench.call("event.append", OTHER_USER, worker_id="w1", **params)["event_seq"],
        bench.call("event.append", seated, **params)["event_seq"],
    ]
    bench.call("worker.heartbeat", worker_id="w1", idempotency_key="k")
    assert seqs == [1, 2, 3]
    assert bench.call("event.append", seated, **params)["event_seq"] == 3


def test_another_process_of_the_user_gets_the_first_answer(bench: Bench) -> None:
    bench.worker()
    first = _append(bench)
    restarted = Caller(CONTROL, 1000, 51)
    params: dict[str, object] = {"worker_id": "w1", "type": "x", "idempotency_key": "k"}
    assert bench.call("event.append", restarted, **params) == first


def test_the_key_is_looked_up_before_the_fence(bench: Bench) -> None:
    """What was done was done: also for one who has lost the ownership since."""
    fence = bench.owned()
    bench.worker(fence=fence)
    first = _append(bench, fence=fence)
    bench.acquire(takeover=True)
    assert _append(bench, fence=fence) == first
    assert _append(bench) == first  # the fence is no part of the params
    with pytest.raises(errors.Fenced):
        _append(bench, key="new", fence=fence)


def test_and_before_the_seat_and_before_what_is_not_there_any_more(bench: Bench) -> None:
    bench.worker()
    seated = bench.seated()
    params: dict[str, object] = {"type": "x", "idempotency_key": "k"}
    first = bench.call("event.append", seated, **params)
    bench.call("runtime.detach", seated)
    assert bench.call("event.append", seated, **params) == first
    bench.call("worker.stop", worker_id="w1", idempotency_key="k")
    bench.call("worker.remove", worker_id="w1")
    assert bench.call("worker.stop", worker_id="w1", idempotency_key="k")["state"] == "stopped"


def test_a_refusal_is_not_kept(bench: Bench) -> None:
    bench.worker()
    params: dict[str, object] = {"worker_id": "w1", "to": "canceling", "idempotency_key": "k"}
    bench.refused(errors.InvalidWorkerStateTransition, "worker.transition", **params)
    bench.in_state("running")
    assert bench.call("worker.transition", **params)["state"] == "canceling"


def test_an_answer_with_a_token_is_never_kept(bench: Bench) -> None:
    bench.controller()
    params: dict[str, object] = {"controller_id": "c1", "idempotency_key": "k"}
    token = bench.call("controller.acquire", **params)["token"]
    refusal = bench.refused(errors.IdempotencyNotKept, "controller.acquire", **params)
    assert refusal.number == 1002
    assert "takeover" in refusal.message
    assert token not in repr(bench.dump())
    bench.refused(errors.IdempotencyConflict, "controller.acquire", **params, takeover=True)


def test_nor_is_a_transactions_that_holds_one(bench: Bench) -> None:
    bench.worker()
    acquire = {"method": "controller.acquire", "params": {"controller_id": "c1"}}
    append = {
        "method": "event.append",
        "params": {"worker_id": "w1", "type": "x", "idempotency_key": "inner"},
    }
    calls = {"calls": [append, acquire], "idempotency_key": "k"}
    token = bench.call("tx.apply", **calls)["results"][1]["token"]
    bench.refused(errors.IdempotencyNotKept, "tx.apply", **calls)
    assert token not in repr(bench.dump())
    assert _append(bench, key="inner")["event_seq"] == 1


def test_a_call_after_a_secret_one_keeps_its_own_answer(bench: Bench) -> None:
    bench.controller()
    acquire = {"method": "controller.acquire", "params": {"controller_id": "c1"}}
    register: dict[str, object] = {
        "controller_id": "c2",
        "label": "l",
        "workspace_key": "/2",
        "idempotency_key": "inner",
    }
    calls = [acquire, {"method": "controller.register", "params": register}]
    token = bench.call("tx.apply", calls=calls)["results"][0]["token"]
    assert bench.call("controller.register", **register)["controller_id"] == "c2"
    assert token not in repr(bench.dump())


def test_a_transaction_is_done_once_as_a_whole(bench: Bench) -> None:
    bench.worker()
    append = {"method": "event.append", "params": {"worker_id": "w1", "type": "x"}}
    calls = {"calls": [append, append], "idempotency_key": "k"}
    first = bench.call("tx.apply", **calls)
    assert bench.call("tx.apply", **calls) == first
    assert bench.call("event.latest", worker_id="w1")["event_seq"] == 2


def test_a_key_inside_a_transaction_that_failed_is_free(bench: Bench) -> None:
    bench.worker()
    calls = [
        {
            "method": "event.append",
            "params": {"worker_id": "w1", "type": "x", "idempotency_key": "k"},
        },
        {"method": "worker.remove", "params": {"worker_id": "w1"}},
    ]
    bench.refused(errors.WorkerNotStopped, "tx.apply", calls=calls)
    assert _append(bench)["event_seq"] == 1


@pytest.mark.parametrize("key", ["", "x" * 201, 1])
def test_a_key_is_one_to_200_characters(bench: Bench, key: object) -> None:
    bench.worker()
    bench.refused(errors.InvalidParams, "worker.heartbeat", worker_id="w1", idempotency_key=key)
    bench.call("worker.heartbeat", worker_id="w1", idempotency_key="ü" * 200)


def test_every_mutation_takes_a_key_and_nothing_else_does(bench: Bench) -> None:
    takes = {
        method.name
        for method in bench.registry.public
        if "idempotency_key" in method.params_on(method.sockets[0]).names
    }
    mutations = {m.name for m in bench.registry.public if m.kind.value == "mutation"}
    claims = {m.name for m in bench.registry.public if m.kind.value == "claim"}
    # Some of the daemon's own are done by the connection; asking twice is as asking once.
    others = takes ^ mutations ^ claims
    assert {name for name in others if not name.startswith("daemon.")} == {"blob.put"}
    assert mutations <= takes


def test_answers_are_forgotten_after_their_retention(bench: Bench) -> None:
    bench.worker()
    _append(bench, "old")
    bench.world.pass_ms(IDEMPOTENCY_RETENTION_MS)
    _append(bench, "new")
    bench.own("daemon.forget_old_answers")
    assert _append(bench, "old")["event_seq"] == 1
    bench.world.pass_ms(1)
    due_ms = bench.own("daemon.forget_old_answers")
    assert due_ms == bench.world.boottime_ms() + 3_600_000
    assert _append(bench, "new")["event_seq"] == 2
    assert _append(bench, "old")["event_seq"] == 3


def test_forgetting_comes_again_soon_while_there_is_more(bench: Bench) -> None:
    bench.database.run(
        "INSERT INTO idempotency SELECT value, 'uid:1', 'm', value, '', NULL, 0"
        " FROM (WITH RECURSIVE n (value) AS"
        " (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 10001) SELECT value FROM n) p"
    )
    assert bench.own("daemon.forget_old_answers") == bench.world.boottime_ms() + 1000
    assert bench.own("daemon.forget_old_answers") == bench.world.boottime_ms() + 3_600_000
    assert bench.database.row("SELECT COUNT(*) FROM idempotency") == (0,)
