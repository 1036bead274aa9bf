"""What the end of a turn is to its session, also when it comes after the end of its run."""

import pytest

from tests.helpers.harness import Bench
from tests.helpers.running import ask, claim, make_run_in, session


def _finish(bench: Bench, command_id: str, outcome: str = "completed", **params: object) -> None:
    bench.call("command.finish", command_id=command_id, outcome=outcome, **params)


def test_the_end_of_a_turn_is_the_last_that_was_asked(bench: Bench) -> None:
    make_run_in(bench)
    ask(bench)
    ask(bench, "steer")
    assert session(bench)["last_command_id"] == "cmd_2"
    _finish(bench, "cmd_2")
    assert session(bench)["last_command_id"] == "cmd_2"
    _finish(bench, "cmd_1")
    assert session(bench)["last_command_id"] == "cmd_1"


@pytest.mark.parametrize("how", ["command.finish", "command.cancel"])
def test_a_turn_that_ends_after_its_run_changes_no_outcome(bench: Bench, how: str) -> None:
    make_run_in(bench)
    ask(bench)
    ask(bench, "steer")
    bench.call("run.finish", run_id="r1", outcome="completed")
    version = session(bench)["version"]
    params = {"outcome": "failed", "failure_kind": "late"} if how == "command.finish" else {}
    bench.call(how, command_id="cmd_1", **params)
    found = session(bench)
    assert (found["state"], found["outcome"], found["failure_kind"]) == (
        "terminal",
        "completed",
        None,
    )
    assert found["last_command_id"] == "cmd_1"
    assert found["version"] > version


def test_nor_does_it_move_the_session_back_to_that_run(bench: Bench) -> None:
    make_run_in(bench)
    ask(bench)
    bench.call("run.finish", run_id="r1", outcome="completed")
    make_run_in(bench, run_id="r2")
    claim(bench, "r2")
    ask(bench, run_id="r2")
    before = session(bench)
    _finish(bench, "cmd_1", "failed", failure_kind="late")
    after = session(bench)
    assert (after["state"], after["active_run_id"]) == ("running", "r2")
    assert after["active_command_id"] == "cmd_2"
    assert {name for name in after if after[name] != before[name]} == {
        "version",
        "last_event_seq",
    }
