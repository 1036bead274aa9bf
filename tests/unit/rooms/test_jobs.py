"""The jobs room: what a runner started elsewhere, noted once under a key."""

import pytest

from penholder_protocol import errors
from tests.helpers.harness import Bench, Json
from tests.helpers.running import ask, make_run

AT = "2026-01-01T00:00:00.000Z"
GIVEN = {
    "run_id": "r1",
    "command_id": "cmd_1",
    "payload_hash": "h1",
    "attempt_id": "at1",
    "runner_id": "rn1",
    "namespace": "agents",
    "job_name": "job",
    "manager_url": "https://jobs",
    "image": "runner:1",
    "source_commit": "abc",
}


@pytest.fixture
def run(bench: Bench) -> str:
    """Give a run with two commands."""
    make_run(bench)
    ask(bench)
    ask(bench)
    return "r1"


def _save(bench: Bench, **params: object) -> Json:
    return bench.call("job.save", **{**GIVEN, **params})


def _jobs(bench: Bench, **params: object) -> list[str]:
    found = bench.call("job.list", **{"run_id": "r1", **params})
    return [item["job_id"] for item in found["items"]]


@pytest.mark.usefixtures("run")
def test_save_answers_the_record(bench: Bench) -> None:
    assert _save(bench) == {
        **GIVEN,
        "job_id": "job_1",
        "idempotency_key": None,
        "service_account_name": None,
        "result": {},
        "created_at": AT,
        "updated_at": AT,
    }
    given = {"job_id": "j", "service_account_name": "sa", "result": {"a": 1}}
    saved = _save(bench, **given, idempotency_key="k")
    assert {key: saved[key] for key in given} == given
    assert saved["idempotency_key"] == "k"


@pytest.mark.usefixtures("run")
def test_a_key_answers_the_first_for_ever(bench: Bench) -> None:
    first = _save(bench, idempotency_key="k")
    bench.world.pass_ms(20 * 86_400_000)
    bench.own("daemon.forget_old_answers")
    bench.call("run.cancel", run_id="r1")
    again = _save(bench, idempotency_key="k", image="other", job_id="j2", command_id="nope")
    assert again == first
    refused = {**GIVEN, "payload_hash": "h2", "idempotency_key": "k"}
    bench.refused(errors.IdempotencyConflict, "job.save", **refused)
    assert _jobs(bench) == ["job_1"]


@pytest.mark.usefixtures("run")
def test_a_key_counts_per_run(bench: Bench) -> None:
    make_run(bench, "r2")
    command_id = ask(bench, run_id="r2")
    _save(bench, idempotency_key="k")
    other = _save(bench, run_id="r2", command_id=command_id, payload_hash="x", idempotency_key="k")
    assert other["job_id"] == "job_2"
    assert _save(bench)["job_id"] == "job_3"


@pytest.mark.usefixtures("run")
def test_the_same_job_again_is_written_anew(bench: Bench) -> None:
    _save(bench, job_id="j")
    bench.world.pass_ms(5)
    again = _save(bench, job_id="j", result={"exit": 0}, payload_hash="h2")
    assert (again["result"], again["payload_hash"]) == ({"exit": 0}, "h2")
    assert (again["created_at"], again["updated_at"]) == (AT, "2026-01-01T00:00:00.005Z")
    assert _jobs(bench) == ["j"]
    for other in ({"command_id": "cmd_2"}, {"idempotency_key": "k"}):
        bench.refused(errors.IdempotencyConflict, "job.save", **{**GIVEN, "job_id": "j", **other})


@pytest.mark.usefixtures("run")
def test_run_and_command_must_be_there_and_belong_together(bench: Bench) -> None:
    make_run(bench, "r2")
    bench.refused(errors.RunNotFound, "job.save", **{**GIVEN, "run_id": "nope"})
    bench.refused(errors.CommandNotFound, "job.save", **{**GIVEN, "command_id": "nope"})
    bench.refused(errors.CommandNotFound, "job.save", **{**GIVEN, "run_id": "r2"})
    bench.refused(errors.CommandNotFound, "job.list", run_id="r2", command_id="cmd_1")


@pytest.mark.usefixtures("run")
def test_list_is_oldest_first_in_pages(bench: Bench) -> None:
    for number in range(5):
        _save(bench, job_id=f"j{number}", command_id=f"cmd_{1 + number % 2}")
    assert _jobs(bench) == ["j0", "j1", "j2", "j3", "j4"]
    assert _jobs(bench, command_id="cmd_2") == ["j1", "j3"]
    first = bench.call("job.list", run_id="r1", limit=2)
    assert _jobs(bench, limit=2, cursor=first["next"]) == ["j2", "j3"]


@pytest.mark.usefixtures("run")
def test_jobs_are_saved_and_listed_on_the_control_socket_only(bench: Bench) -> None:
    bench.worker()
    seated = bench.seated()
    bench.refused(errors.Denied, "job.save", seated, **GIVEN)
    bench.refused(errors.Denied, "job.list", seated, run_id="r1")
    bench.refused(errors.InvalidParams, "job.save", **{**GIVEN, "image": ""})
