"""tx.apply: several mutations, all or none."""

import pytest

from penholder_daemon.core.effects import ServeWorker
from penholder_protocol import errors
from tests.helpers.harness import Bench, Json


def _call(method: str, **params: object) -> dict[str, object]:
    return {"method": method, "params": params}


APPEND = _call("event.append", worker_id="w1", type="x")


def test_results_are_in_the_order_of_the_calls(bench: Bench) -> None:
    bench.worker()
    answer = bench.call(
        "tx.apply",
        calls=[APPEND, _call("worker.set_turn", worker_id="w1", turn_id="t"), APPEND],
    )
    first, worker, second = answer["results"]
    assert (first["event_seq"], worker["active_turn_id"], second["event_seq"]) == (1, "t", 2)


def test_later_calls_see_what_earlier_ones_did(bench: Bench) -> None:
    made: Json = bench.call(
        "tx.apply",
        calls=[
            _call("controller.register", controller_id="c1", label="l", workspace_key="/w"),
            _call(
                "worker.create",
                worker_id="w1",
                controller_id="c1",
                label="l",
                launcher="sh",
                profile="p",
                cwd="/",
            ),
            _call("approval.request", worker_id="w1", message="?"),
        ],
    )
    assert made["results"][2]["request_id"] == "ap_1"
    assert ServeWorker("w1") in bench.effects


@pytest.mark.parametrize("index", [0, 1, 2])
def test_the_first_that_fails_undoes_all_and_gives_its_error(bench: Bench, index: int) -> None:
    bench.worker()
    bench.effects.clear()
    calls = [_call("worker.stop", worker_id="w1"), APPEND]
    calls.insert(index, _call("worker.transition", worker_id="w1", to="canceling"))
    refusal = bench.refused(errors.InvalidWorkerStateTransition, "tx.apply", calls=calls)
    assert refusal.details["index"] == index
    assert refusal.details["next_state"] == "canceling"
    assert bench.effects == []


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (_call("worker.get", worker_id="w1"), errors.InvalidParams),
        (_call("event.wait", worker_id="w1"), errors.InvalidParams),
        (_call("rpc.ping"), errors.InvalidParams),
        (_call("tx.apply", calls=[APPEND]), errors.InvalidParams),
        (_call("worker.stopp", worker_id="w1"), errors.MethodNotFound),
        (_call("runtime.exited", worker_id="w1", epoch=1), errors.MethodNotFound),
        (_call("runtime.attach"), errors.Denied),
        (_call("worker.stop"), errors.InvalidParams),
        (_call("worker.stop", worker_id="w1", now=True), errors.InvalidParams),
        ({"method": "worker.stop", "params": [1]}, errors.InvalidParams),
        ({"method": "worker.stop", "params": None}, errors.InvalidParams),
    ],
)
def test_only_mutations_with_good_params_of_this_socket(
    bench: Bench, call: dict[str, object], error: type[errors.PenholderError]
) -> None:
    bench.worker()
    assert bench.refused(error, "tx.apply", calls=[APPEND, call]).details["index"] == 1


@pytest.mark.parametrize("calls", [[], [APPEND] * 1001, [{"params": {}}], [{**APPEND, "id": 1}]])
def test_one_to_a_thousand_calls_of_the_right_shape(bench: Bench, calls: object) -> None:
    bench.worker()
    bench.refused(errors.InvalidParams, "tx.apply", calls=calls)


def test_each_call_passes_its_own_fence(bench: Bench) -> None:
    first, second = bench.owned("c1"), bench.owned("c2")
    bench.worker("w1", "c1", fence=first)
    bench.worker("w2", "c2", fence=second)
    beat = "worker.heartbeat"
    bench.call(
        "tx.apply",
        calls=[
            _call(beat, worker_id="w1", fence=first),
            _call(beat, worker_id="w2", fence=second),
        ],
    )
    refusal = bench.refused(
        errors.FenceRequired,
        "tx.apply",
        calls=[_call(beat, worker_id="w1", fence=first), _call(beat, worker_id="w2")],
    )
    assert refusal.details["index"] == 1
    bench.refused(errors.InvalidParams, "tx.apply", calls=[APPEND], fence=first)


def test_on_the_runtime_socket_every_call_needs_the_seat(bench: Bench) -> None:
    bench.worker()
    stranger = bench.peer()
    append = _call("event.append", type="x")
    refusal = bench.refused(errors.NotAttached, "tx.apply", stranger, calls=[append])
    assert refusal.details["index"] == 0
    done = bench.call("tx.apply", stranger, calls=[_call("runtime.attach"), append])
    assert done["results"][0]["runtime_epoch"] == 1
    assert done["results"][1]["event_seq"] == 1
    bench.refused(
        errors.Denied, "tx.apply", stranger, calls=[_call("event.append", worker_id="w2", type="x")]
    )


def test_an_owner_takes_and_uses_its_ownership_in_one_go(bench: Bench) -> None:
    bench.worker()
    done = bench.call(
        "tx.apply",
        calls=[
            _call("worker.stop", worker_id="w1"),
            _call("controller.acquire", controller_id="c1"),
        ],
    )
    fence = {name: done["results"][1][name] for name in ("epoch", "token")}
    bench.call("worker.heartbeat", worker_id="w1", fence=fence)


def test_an_answer_that_no_frame_holds_undoes_it(bench: Bench) -> None:
    bench.worker()
    big = _call("event.append", worker_id="w1", type="x", data={"v": "x" * 200_000})
    refusal = bench.refused(errors.ValueTooLarge, "tx.apply", calls=[big] * 6)
    assert refusal.details["limit"] == "MAX_FRAME_BYTES"


def test_its_entries_follow_each_other(bench: Bench) -> None:
    bench.worker()
    bench.published.clear()
    bench.call("tx.apply", calls=[APPEND] * 3)
    assert [published.entry.seq for published in bench.published] == [1, 2, 3]
    assert {published.entry.request_id for published in bench.published} == {"req-tx.apply"}
