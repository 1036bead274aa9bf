"""The handoffs room: snapshots from which work can go on."""

import pytest

from penholder_protocol import errors
from tests.helpers.harness import Bench


def test_register_answers_the_record(bench: Bench) -> None:
    bench.worker()
    made = bench.call(
        "handoff.register",
        worker_id="w1",
        source_turn_id="t",
        handoff_path="/h.md",
        checkpoint_path="/c.json",
    )
    assert made == {
        "snapshot_id": "hs_1",
        "worker_id": "w1",
        "controller_id": "c1",
        "source_turn_id": "t",
        "handoff_path": "/h.md",
        "checkpoint_path": "/c.json",
        "created_at": "2026-01-01T00:00:00.000Z",
    }
    assert bench.call("handoff.latest", worker_id="w1") == made


def test_latest_is_the_newest_or_null(bench: Bench) -> None:
    bench.worker()
    assert bench.call("handoff.latest", worker_id="w1") is None
    for path in ("/1", "/2"):
        bench.call("handoff.register", worker_id="w1", handoff_path=path, checkpoint_path=path)
    assert bench.call("handoff.latest", worker_id="w1")["handoff_path"] == "/2"


def test_list_filters_and_is_newest_first(bench: Bench) -> None:
    bench.worker("w1")
    bench.worker("w2", "c2")
    for worker_id in ("w1", "w2", "w1"):
        bench.call("handoff.register", worker_id=worker_id, handoff_path="/h", checkpoint_path="/c")

    def ids(**params: object) -> list[str]:
        return [item["snapshot_id"] for item in bench.call("handoff.list", **params)["items"]]

    assert ids() == ["hs_3", "hs_2", "hs_1"]
    assert ids(worker_id="w1") == ["hs_3", "hs_1"]
    assert ids(controller_id="c2") == ["hs_2"]
    assert ids(worker_id="w1", controller_id="c2") == []


def test_a_worker_sees_its_own_only(bench: Bench) -> None:
    bench.worker("w1")
    bench.worker("w2")
    for worker_id in ("w1", "w2"):
        bench.call("handoff.register", worker_id=worker_id, handoff_path="/h", checkpoint_path="/c")
    seated = bench.seated("w2")
    assert [item["worker_id"] for item in bench.call("handoff.list", seated)["items"]] == ["w2"]
    assert bench.call("handoff.latest", seated)["worker_id"] == "w2"
    bench.refused(errors.Denied, "handoff.latest", seated, worker_id="w1")


@pytest.mark.parametrize("path", ["", "x" * 4097, None, 1])
def test_paths_are_text_of_bounded_length(bench: Bench, path: object) -> None:
    bench.worker()
    bench.refused(
        errors.InvalidParams,
        "handoff.register",
        worker_id="w1",
        handoff_path=path,
        checkpoint_path="/c",
    )


@pytest.mark.parametrize("state", ["starting", "error", "stopped"])
def test_handoffs_are_registered_in_every_state(bench: Bench, state: str) -> None:
    bench.worker()
    bench.in_state(state)
    bench.call("handoff.register", worker_id="w1", handoff_path="/h", checkpoint_path="/c")
