"""The rooms runner and backend: who carries out, and on what."""

from penholder_daemon.core.rules import Rules
from penholder_protocol import errors
from tests.helpers.harness import Bench
from tests.helpers.running import ids

AT = "2026-01-01T00:00:00.000Z"


def test_register_answers_the_record(bench: Bench) -> None:
    made = bench.call("runner.register", runner_id="rn1", metadata={"host": "a"})
    assert made == {
        "runner_id": "rn1",
        "metadata": {"host": "a"},
        "registered_at": AT,
        "heartbeat_at": AT,
    }
    assert bench.call("runner.register")["runner_id"] == "rn_1"


def test_registering_again_keeps_registered_at(bench: Bench) -> None:
    bench.call("runner.register", runner_id="rn1", metadata={"host": "a"})
    bench.world.pass_ms(5)
    again = bench.call("runner.register", runner_id="rn1", metadata={"host": "b"})
    assert again == {
        "runner_id": "rn1",
        "metadata": {"host": "b"},
        "registered_at": AT,
        "heartbeat_at": "2026-01-01T00:00:00.005Z",
    }
    assert ids(bench, "runner.list") == ["rn1"]


def test_heartbeat(bench: Bench) -> None:
    bench.refused(errors.RunnerNotFound, "runner.heartbeat", runner_id="rn1")
    bench.call("runner.register", runner_id="rn1", metadata={"host": "a"})
    bench.world.pass_ms(5)
    beaten = bench.call("runner.heartbeat", runner_id="rn1")
    assert (beaten["registered_at"], beaten["heartbeat_at"]) == (AT, "2026-01-01T00:00:00.005Z")
    assert beaten["metadata"] == {"host": "a"}


def test_a_worker_beats_for_itself_once_it_is_registered(bench: Bench) -> None:
    bench.worker()
    seated = bench.seated()
    bench.refused(errors.RunnerNotFound, "runner.heartbeat", seated)
    bench.call("runner.register", runner_id="w1")
    assert bench.call("runner.heartbeat", seated)["runner_id"] == "w1"
    bench.refused(errors.Denied, "runner.heartbeat", seated, runner_id="rn1")
    for method in ("runner.register", "runner.list", "backend.list"):
        bench.refused(errors.Denied, method, seated)


def test_list_is_newest_first_in_pages(bench: Bench) -> None:
    for number in range(7):
        bench.call("runner.register", runner_id=f"rn{number}")
    assert ids(bench, "runner.list") == [f"rn{number}" for number in reversed(range(7))]


def test_backends_are_those_of_the_configuration(bench: Bench) -> None:
    assert bench.call("backend.list") == {"items": []}
    bench.world.rules = Rules(backends={"codex": {"steer": True, "models": ["a"]}, "shell": {}})
    assert bench.call("backend.list") == {
        "items": [
            {"backend_profile": "codex", "capabilities": {"steer": True, "models": ["a"]}},
            {"backend_profile": "shell", "capabilities": {}},
        ]
    }
