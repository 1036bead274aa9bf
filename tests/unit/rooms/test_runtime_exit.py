"""A seated process that dies: its event, its approvals, its worker's state."""

import pytest

from penholder_daemon.core.effects import ForgetProcess
from penholder_protocol import errors
from tests.helpers.harness import Bench


@pytest.mark.parametrize(
    "state", ["starting", "idle", "running", "waiting_approval", "canceling", "error"]
)
def test_an_exit_without_detach_is_an_error(bench: Bench, state: str) -> None:
    bench.worker()
    seated = bench.seated(pid=700)
    bench.call("worker.set_turn", seated, turn_id="t")
    bench.in_state(state)
    bench.own("runtime.exited", worker_id="w1", epoch=1)
    worker = bench.call("worker.get", worker_id="w1")
    assert worker["state"] == "error"
    assert worker["recovery_state"] == "lost"
    assert worker["active_turn_id"] is None
    assert worker["runtime_pid"] is None
    if state != "error":
        assert worker["last_error"] == "process 700 exited without runtime.detach"
    assert bench.effects[-1] == ForgetProcess("w1", 1)


def test_the_exit_is_an_event_like_any_other(bench: Bench) -> None:
    bench.worker()
    seated = bench.seated(pid=700)
    bench.call("event.append", seated, type="before")
    bench.own("runtime.exited", worker_id="w1", epoch=1)
    events = bench.call("event.list", worker_id="w1")["items"]
    assert [(event["event_seq"], event["type"]) for event in events] == [
        (1, "before"),
        (2, "runtime.exited"),
    ]
    process = {"runtime_epoch": 1, "runtime_pid": 700, "host_id": bench.world.host_id}
    assert events[1]["data"] == process


def test_pending_approvals_are_canceled_and_it_is_journaled(bench: Bench) -> None:
    bench.worker()
    seated = bench.seated()
    bench.call("worker.transition", seated, to="running")
    ids = [bench.call("approval.request", seated, message="?")["request_id"] for _ in range(2)]
    bench.call("approval.decide", request_id=ids[0], option="allow")
    bench.own("runtime.exited", worker_id="w1", epoch=1)
    assert bench.call("approval.get", request_id=ids[0])["state"] == "decided"
    canceled = bench.call("approval.get", request_id=ids[1])
    assert (canceled["state"], canceled["note"]) == ("canceled", "the worker's process exited")
    assert bench.note_types()[-3:] == [
        "runtime.exited",
        "approval.canceled",
        "worker.state_changed",
    ]


def test_a_stopped_worker_stays_stopped_when_its_process_exits(bench: Bench) -> None:
    bench.worker()
    bench.seated()
    bench.in_state("stopped")
    before = bench.call("worker.get", worker_id="w1")
    bench.own("runtime.exited", worker_id="w1", epoch=1)
    after = bench.call("worker.get", worker_id="w1")
    assert (after["state"], after["last_error"]) == ("stopped", None)
    assert after["stopped_at"] == before["stopped_at"]
    assert after["recovery_state"] == "lost"


def test_the_exit_of_a_former_holder_changes_nothing(bench: Bench) -> None:
    bench.worker()
    bench.seated(pid=700)
    successor = bench.peer(pid=701)
    bench.call("runtime.attach", successor, takeover=True)
    before = bench.dump()
    bench.own("runtime.exited", worker_id="w1", epoch=1)
    assert bench.dump() == before


def test_an_exit_is_told_once(bench: Bench) -> None:
    bench.worker()
    bench.seated()
    bench.own("runtime.exited", worker_id="w1", epoch=1)
    before = bench.dump()
    bench.own("runtime.exited", worker_id="w1", epoch=1)
    assert bench.dump() == before


def test_the_exit_of_a_removed_workers_process_only_ends_the_seat(bench: Bench) -> None:
    bench.worker()
    bench.seated()
    bench.call("worker.stop", worker_id="w1")
    bench.call("worker.remove", worker_id="w1")
    entries = len(bench.dump()["journal"])
    bench.own("runtime.exited", worker_id="w1", epoch=1)
    assert len(bench.dump()["journal"]) == entries
    assert bench.database.row("SELECT COUNT(*) FROM seats WHERE ended_at IS NULL") == (0,)


def test_after_an_exit_others_are_not_attached_and_may_attach(bench: Bench) -> None:
    bench.worker()
    seated = bench.seated(pid=700)
    bench.own("runtime.exited", worker_id="w1", epoch=1)
    child = bench.child(seated, 701)
    bench.refused(errors.NotAttached, "event.append", child, type="x")
    attached = bench.call("runtime.attach", bench.peer(pid=702))
    assert (attached["runtime_epoch"], attached["worker"]["state"]) == (2, "idle")


def test_the_daemons_own_mutations_are_no_methods(bench: Bench) -> None:
    for name in ("runtime.exited", "approval.expire_due", "daemon.forget_old_answers"):
        with pytest.raises(errors.MethodNotFound):
            bench.call(name)
