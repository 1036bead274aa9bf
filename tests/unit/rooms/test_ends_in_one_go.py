"""What one end brings to an end is limited, so that the end is always possible, and quick."""

import pytest

from penholder_daemon.rooms.approvals import records as approvals
from penholder_daemon.rooms.runs.records import commands
from penholder_protocol import limits
from penholder_protocol.errors import TooManyApprovals, TooManyCommands
from tests.helpers.harness import Bench


def _ask_all(bench: Bench, count: int) -> None:
    """Have a worker ask so many questions, in transactions as large as may be."""
    call = {"method": "approval.request", "params": {"worker_id": "w1", "message": "?"}}
    for begin in range(0, count, 1000):
        bench.call("tx.apply", calls=[call] * min(1000, count - begin))


def _command_all(bench: Bench, count: int) -> None:
    call = {"method": "command.create", "params": {"run_id": "r1", "type": "steer"}}
    for begin in range(0, count, 1000):
        bench.call("tx.apply", calls=[call] * min(1000, count - begin))


def _run(bench: Bench) -> None:
    bench.call("run.create", run_id="r1", tenant_id="t", project_id="p", backend_profile="b")


def test_the_end_of_a_seat_cancels_all_that_may_be_pending(bench: Bench) -> None:
    bench.worker()
    bench.seated()
    _ask_all(bench, limits.MAX_PENDING_APPROVALS)
    refused = bench.refused(
        TooManyApprovals, "approval.request", worker_id="w1", message="one more"
    )
    assert refused.details["maximum"] == limits.MAX_PENDING_APPROVALS
    # A takeover ends the seat within one mutation of a caller, which has a budget.
    bench.call("runtime.attach", bench.peer(pid=800), takeover=True)
    bench.own("runtime.exited", worker_id="w1", epoch=2)
    pending = bench.database.row("SELECT COUNT(*) FROM approvals WHERE state = 'pending'")
    assert pending == (0,)
    bench.call("approval.request", worker_id="w1", message="again")


def test_a_run_with_all_the_commands_that_may_be_open_can_be_canceled(bench: Bench) -> None:
    _run(bench)
    _command_all(bench, limits.MAX_OPEN_COMMANDS)
    refused = bench.refused(TooManyCommands, "command.create", run_id="r1", type="steer")
    assert refused.details["maximum"] == limits.MAX_OPEN_COMMANDS
    assert bench.call("run.cancel", run_id="r1")["state"] == "canceled"


@pytest.mark.parametrize("most", [2])
def test_one_that_has_ended_makes_room(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(approvals, "MAX_PENDING_APPROVALS", most)
    monkeypatch.setattr(commands, "MAX_OPEN_COMMANDS", most)
    bench.worker()
    _run(bench)
    asked = [bench.call("approval.request", worker_id="w1", message="?") for _ in range(most)]
    made = [bench.call("command.create", run_id="r1", type="turn") for _ in range(most)]
    bench.refused(TooManyApprovals, "approval.request", worker_id="w1", message="?")
    bench.refused(TooManyCommands, "command.create", run_id="r1", type="turn")
    bench.call("approval.cancel", request_id=asked[0]["request_id"])
    bench.call("command.cancel", command_id=made[0]["command_id"])
    bench.call("approval.request", worker_id="w1", message="?")
    bench.call("command.create", run_id="r1", type="turn")


def test_one_that_ends_within_a_transaction_makes_room_in_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(approvals, "MAX_PENDING_APPROVALS", 2)
    bench.worker()
    first = bench.call("approval.request", worker_id="w1", message="?")["request_id"]
    ask = {"method": "approval.request", "params": {"worker_id": "w1", "message": "?"}}
    cancel = {"method": "approval.cancel", "params": {"request_id": first}}
    bench.call("tx.apply", calls=[ask, cancel, ask])
    bench.refused(TooManyApprovals, "tx.apply", calls=[ask])


def test_a_thousand_workers_beside_many_are_made_in_one_go(bench: Bench) -> None:
    bench.controller()
    needed = {"controller_id": "c1", "label": "l", "launcher": "l", "profile": "p", "cwd": "/"}
    for _ in range(4):
        bench.call("tx.apply", calls=[{"method": "worker.create", "params": needed}] * 1000)
    assert bench.database.row("SELECT COUNT(*) FROM workers") == (4000,)
