"""The seat of a worker: attaching, sharing, taking over, detaching."""

import msgspec
import pytest

from penholder_daemon.core.caller import RUNTIME, Caller
from penholder_daemon.core.effects import CloseWorker, FenceOff, ForgetProcess, WatchProcess
from penholder_protocol import errors
from tests.helpers.fakes import INIT
from tests.helpers.harness import Bench

STATES = ("starting", "idle", "running", "waiting_approval", "canceling", "error")
ROOMS = ("worker", "runtime", "event", "approval", "handoff")
SEAT_MUTATIONS: dict[str, dict[str, object]] = {
    "worker.transition": {"to": "running"},
    "worker.set_turn": {"turn_id": "t"},
    "worker.set_session": {"session_id": "s"},
    "worker.set_endpoint": {"runtime_pid": 1, "runtime_socket": "/s"},
    "worker.clear_endpoint": {},
    "worker.heartbeat": {},
    "event.append": {"type": "x"},
    "event.append_many": {"events": [{"type": "x"}]},
    "approval.request": {"message": "?"},
    "approval.cancel": {"request_id": "ap_1"},
    "handoff.register": {"handoff_path": "/h", "checkpoint_path": "/c"},
    "runtime.detach": {},
}


def test_the_table_has_every_mutation_that_needs_the_seat(bench: Bench) -> None:
    served = {
        method.name
        for method in bench.registry.public
        if RUNTIME in method.sockets and method.kind.value == "mutation" and method.seat
        if method.name.partition(".")[0] in ROOMS
    }
    assert served == set(SEAT_MUTATIONS)


def test_attach_answers_worker_and_epoch(bench: Bench) -> None:
    bench.worker()
    peer = bench.peer(pid=700)
    bench.effects.clear()
    attached = bench.call("runtime.attach", peer)
    assert attached["runtime_epoch"] == 1
    assert attached["worker"]["runtime_pid"] == 700
    assert attached["worker"]["recovery_state"] == "attached"
    assert bench.effects == [WatchProcess("w1", 1, peer.lineage[0])]
    type_, data = bench.notes()[-1]
    assert type_ == "runtime.attached"
    assert (data["runtime_epoch"], data["runtime_pid"], data["takeover"]) == (1, 700, False)
    assert (data["uid"], data["pid"]) == (1000, 700)


@pytest.mark.parametrize("state", STATES)
def test_attach_moves_starting_and_error_to_idle(bench: Bench, state: str) -> None:
    bench.worker()
    bench.in_state(state)
    worker = bench.call("runtime.attach", bench.peer())["worker"]
    assert worker["state"] == ("idle" if state in ("starting", "error") else state)


def test_a_stopped_worker_is_not_attached(bench: Bench) -> None:
    bench.worker()
    peer = bench.peer()
    bench.in_state("stopped")
    refusal = bench.refused(errors.WorkerStopped, "runtime.attach", peer, takeover=True)
    assert refusal.number == 1004


def test_the_seated_process_again_keeps_its_epoch(bench: Bench) -> None:
    bench.worker()
    seated = bench.seated()
    bench.effects.clear()
    again = bench.call("runtime.attach", seated, takeover=True)
    assert again["runtime_epoch"] == 1
    assert bench.effects == []
    assert bench.note_types().count("runtime.attached") == 1


def test_an_ancestor_may_be_named_and_nobody_else(bench: Bench) -> None:
    bench.worker()
    shell = bench.peer(pid=800)
    helper = bench.child(shell, 801)
    refusal = bench.refused(errors.Denied, "runtime.attach", helper, pid=999)
    assert refusal.details == {"pid": 999}
    bench.refused(errors.Denied, "runtime.attach", shell, pid=801)  # a child is no ancestor
    attached = bench.call("runtime.attach", helper, pid=800)
    assert attached["worker"]["runtime_pid"] == 800
    bench.call("event.append", shell, type="by the shell itself")


def test_a_caller_that_was_gone_before_it_was_known_is_denied(bench: Bench) -> None:
    bench.worker()
    bench.refused(errors.Denied, "runtime.attach", Caller(RUNTIME, 1000, 700, "w1", ()))


@pytest.mark.parametrize("method", SEAT_MUTATIONS)
def test_mutations_on_the_runtime_socket_need_the_seat(bench: Bench, method: str) -> None:
    bench.worker()
    stranger = bench.peer()
    refusal = bench.refused(errors.NotAttached, method, stranger, **SEAT_MUTATIONS[method])
    assert refusal.number == 1003
    assert refusal.details == {"worker_id": "w1", "current_epoch": 0}


@pytest.mark.parametrize("method", SEAT_MUTATIONS)
def test_the_one_before_a_takeover_is_fenced(bench: Bench, method: str) -> None:
    bench.worker()
    old = bench.seated(pid=700)
    new = bench.peer(pid=701)
    bench.call("runtime.attach", new, takeover=True)
    refusal = bench.refused(errors.Fenced, method, old, **SEAT_MUTATIONS[method])
    assert refusal.details == {"worker_id": "w1", "current_epoch": 2}
    stranger = bench.peer(pid=702)
    bench.refused(errors.NotAttached, method, stranger, **SEAT_MUTATIONS[method])


@pytest.mark.parametrize("method", sorted({*SEAT_MUTATIONS} - {"runtime.detach"}))
def test_descendants_share_the_seat(bench: Bench, method: str) -> None:
    bench.worker()
    seated = bench.seated()
    bench.call("approval.request", seated, message="?")
    grandchild = bench.child(bench.child(seated, 710), 711)
    bench.call(method, grandchild, **SEAT_MUTATIONS[method])


def test_a_process_of_the_same_pid_is_another_one(bench: Bench) -> None:
    bench.worker()
    first = bench.seated(pid=700)
    bench.die(first)
    second = bench.peer(pid=700)
    bench.refused(errors.NotAttached, "event.append", second, type="x")


def test_after_a_new_boot_the_same_pid_and_start_is_another_one(bench: Bench) -> None:
    bench.worker()
    seated = bench.seated()
    bench.world.boot_id = "boot-2"
    bench.refused(errors.NotAttached, "event.append", seated, type="x")
    assert bench.call("runtime.attach", seated)["runtime_epoch"] == 2


def test_a_second_process_is_refused_while_the_first_lives(bench: Bench) -> None:
    bench.worker()
    bench.seated(pid=700)
    refusal = bench.refused(errors.WorkerAttached, "runtime.attach", bench.peer(pid=701))
    assert refusal.number == 1002
    assert refusal.details == {"worker_id": "w1", "pid": 700, "current_epoch": 1}


def test_a_takeover_raises_the_epoch_and_fences_the_other_off(bench: Bench) -> None:
    bench.worker()
    bench.in_state("running")
    old = bench.seated(pid=700)
    new = bench.peer(pid=701)
    bench.effects.clear()
    attached = bench.call("runtime.attach", new, takeover=True)
    assert attached["runtime_epoch"] == 2
    assert attached["worker"]["state"] == "running"
    assert bench.effects == [
        ForgetProcess("w1", 1),
        WatchProcess("w1", 2, new.lineage[0]),
        FenceOff("w1", 2, old.lineage[0], new.lineage[0]),
    ]
    assert bench.notes()[-1][1]["takeover"] is True
    bench.call("event.append", new, type="mine")


@pytest.mark.parametrize("takeover", [False, True])
@pytest.mark.parametrize("named", [None, 710, 711])
def test_a_descendant_that_attaches_gets_the_seat_it_shares(
    bench: Bench, named: int | None, takeover: bool
) -> None:
    bench.worker()
    seated = bench.seated(pid=700)
    grandchild = bench.child(bench.child(seated, 710), 711)
    bench.effects.clear()
    before = bench.note_types()
    attached = bench.call("runtime.attach", grandchild, takeover=takeover, pid=named)
    assert attached["runtime_epoch"] == 1
    assert attached["worker"]["runtime_pid"] == 700
    assert (bench.effects, bench.note_types()) == ([], before)
    bench.call("event.append", seated, type="still mine")


def test_who_is_above_the_seated_process_has_to_take_over(bench: Bench) -> None:
    bench.worker()
    shell = bench.peer(pid=800)
    seated = bench.child(shell, 801)
    bench.call("runtime.attach", seated)
    bench.refused(errors.WorkerAttached, "runtime.attach", shell)
    bench.refused(errors.WorkerAttached, "runtime.attach", seated, pid=800)
    assert bench.call("runtime.attach", seated, pid=800, takeover=True)["runtime_epoch"] == 2
    bench.call("event.append", seated, type="as its descendant")


def test_a_descendant_of_a_dead_process_sits_down_anew(bench: Bench) -> None:
    bench.worker()
    seated = bench.seated(pid=700)
    child = bench.child(seated, 701)
    bench.die(seated)
    attached = bench.call("runtime.attach", child)
    assert (attached["runtime_epoch"], attached["worker"]["runtime_pid"]) == (2, 701)


@pytest.mark.parametrize("named", [None, 701])
def test_the_detach_of_a_descendant_leaves_the_seat(bench: Bench, named: int | None) -> None:
    bench.worker()
    seated = bench.seated(pid=700)
    child = bench.child(seated, 701)
    bench.call("worker.transition", seated, to="running")
    bench.effects.clear()
    before = bench.note_types()
    worker = bench.call("runtime.detach", child, state="stopped", last_error="no", pid=named)
    assert (worker["state"], worker["recovery_state"]) == ("running", "attached")
    assert (bench.effects, bench.note_types()) == ([], before)
    bench.call("event.append", seated, type="still mine")


def test_a_helper_may_end_the_seat_of_the_process_that_it_names(bench: Bench) -> None:
    bench.worker()
    shell = bench.peer(pid=800)
    bench.call("runtime.attach", bench.child(shell, 801), pid=800)
    worker = bench.call("runtime.detach", bench.child(shell, 802), pid=800, state="stopped")
    assert (worker["state"], worker["recovery_state"]) == ("stopped", "restartable")


def test_a_detach_names_the_seated_process_or_is_refused(bench: Bench) -> None:
    bench.worker()
    shell = bench.peer(pid=800)
    seated = bench.child(shell, 801)
    bench.call("runtime.attach", seated)
    refusal = bench.refused(errors.NotAttached, "runtime.detach", seated, pid=800)
    assert refusal.details == {"worker_id": "w1", "current_epoch": 1}
    bench.refused(errors.Denied, "runtime.detach", seated, pid=999)


@pytest.mark.parametrize("method", ["runtime.attach", "runtime.detach"])
@pytest.mark.parametrize(
    ("pid", "why"),
    [(1, "everybody's ancestor"), (600, "of another session"), (999, "nor an ancestor of it")],
)
def test_who_cannot_be_named_is_told_why(bench: Bench, method: str, pid: int, why: str) -> None:
    bench.worker()
    if method == "runtime.detach":
        bench.seated(pid=700)
        peer = bench.child(bench.peer(pid=650), 700)
        bench.call("runtime.attach", peer, takeover=True)
    else:
        peer = bench.peer(pid=700)
    controller = bench.world.start(600)
    peer = msgspec.structs.replace(peer, lineage=(*peer.lineage[:-1], controller, INIT))
    refusal = bench.refused(errors.Denied, method, peer, pid=pid)
    assert why in refusal.message
    assert refusal.details == {"pid": pid}


def test_a_peer_of_an_invisible_namespace_is_told_so(bench: Bench) -> None:
    bench.worker(start="starting")
    peer = Caller(RUNTIME, 1000, 0, "w1", is_visible=False)
    refusal = bench.refused(errors.PeerNotVisible, "runtime.attach", peer)
    assert refusal.number == 1006
    assert "pid namespace" in refusal.message


def test_a_peer_of_a_lower_namespace_attaches_for_itself_only(bench: Bench) -> None:
    bench.worker()
    shell = bench.peer(pid=700)
    peer = msgspec.structs.replace(bench.child(shell, 701), has_own_pids=True)
    bench.refused(errors.PeerNotVisible, "runtime.attach", peer, pid=700)
    assert bench.call("runtime.attach", peer)["worker"]["runtime_pid"] == 701


def test_a_seat_of_a_dead_process_is_vacated_by_who_comes_next(bench: Bench) -> None:
    """Before the daemon has heard of the death: the next one does not have to take over."""
    bench.worker()
    dead = bench.seated(pid=700)
    bench.call("worker.transition", dead, to="running")
    request_id = bench.call("approval.request", dead, message="?")["request_id"]
    bench.die(dead)
    attached = bench.call("runtime.attach", bench.peer(pid=701))
    assert attached["runtime_epoch"] == 2
    assert attached["worker"]["state"] == "idle"
    assert bench.call("approval.get", request_id=request_id)["state"] == "canceled"
    events = bench.call("event.list", worker_id="w1")["items"]
    assert [(event["type"], event["data"]) for event in events] == [
        (
            "runtime.exited",
            {"runtime_epoch": 1, "runtime_pid": 700, "host_id": bench.world.host_id},
        )
    ]
    assert bench.note_types()[-3:] == [
        "worker.state_changed",
        "runtime.attached",
        "worker.state_changed",
    ]


@pytest.mark.parametrize("state", ["idle", "stopped", "error"])
@pytest.mark.parametrize("current", STATES)
def test_detach_leaves_the_state_it_names_whatever_the_table_says(
    bench: Bench, state: str, current: str
) -> None:
    bench.worker()
    seated = bench.seated()
    bench.in_state(current)
    bench.call("worker.set_turn", seated, turn_id="t")
    request_id = bench.call("approval.request", seated, message="?")["request_id"]
    worker = bench.call("runtime.detach", seated, state=state, last_error="because")
    assert worker["state"] == state
    assert worker["last_error"] == "because"
    assert worker["active_turn_id"] is None
    assert worker["recovery_state"] == "restartable"
    assert worker["runtime_pid"] is None
    assert bench.call("approval.get", request_id=request_id)["state"] == "pending"
    assert ForgetProcess("w1", 1) in bench.effects


def test_detach_of_a_stopped_worker_leaves_it_stopped(bench: Bench) -> None:
    bench.worker()
    seated = bench.seated()
    bench.in_state("stopped")
    bench.world.pass_ms(9)
    for_ever = bench.call("runtime.detach", seated, state="idle")
    assert for_ever["state"] == "stopped"
    assert for_ever["stopped_at"] == "2026-01-01T00:00:00.000Z"
    assert bench.effects[-1] == CloseWorker("w1")


def test_detach_is_idle_by_default_and_journaled(bench: Bench) -> None:
    bench.worker()
    seated = bench.seated()
    bench.call("worker.transition", seated, to="running")
    assert bench.call("runtime.detach", seated)["state"] == "idle"
    assert bench.note_types()[-2:] == ["runtime.detached", "worker.state_changed"]
    bench.refused(errors.InvalidParams, "runtime.detach", seated, state="running")


def test_who_has_detached_is_not_attached_and_attaches_anew(bench: Bench) -> None:
    bench.worker()
    seated = bench.seated()
    bench.call("runtime.detach", seated)
    refusal = bench.refused(errors.NotAttached, "event.append", seated, type="x")
    assert refusal.details["current_epoch"] == 1
    assert bench.call("runtime.attach", seated)["runtime_epoch"] == 2


def test_status_tells_the_seat(bench: Bench) -> None:
    bench.worker()
    assert bench.call("runtime.status", worker_id="w1") == {
        "worker_id": "w1",
        "attached": False,
        "pid": None,
        "runtime_epoch": 0,
        "attached_at": None,
    }
    seated = bench.seated(pid=700)
    told = bench.call("runtime.status", seated)
    assert told == {
        "worker_id": "w1",
        "attached": True,
        "pid": 700,
        "runtime_epoch": 1,
        "attached_at": "2026-01-01T00:00:00.000Z",
    }
    bench.call("runtime.detach", seated)
    told = bench.call("runtime.status", worker_id="w1")
    assert (told["attached"], told["pid"], told["runtime_epoch"]) == (False, None, 1)


def test_attach_and_detach_are_served_on_runtime_sockets_only(bench: Bench) -> None:
    bench.worker()
    for method in ("runtime.attach", "runtime.detach"):
        assert bench.refused(errors.Denied, method).number == 1006


def test_a_worker_may_leave_out_its_id_and_name_no_other(bench: Bench) -> None:
    bench.worker("w1")
    bench.worker("w2")
    seated = bench.seated("w1")
    assert bench.call("worker.get", seated)["worker_id"] == "w1"
    assert bench.call("worker.get", seated, worker_id=None)["worker_id"] == "w1"
    assert bench.call("worker.get", seated, worker_id="w1")["worker_id"] == "w1"
    for method in ("worker.get", "worker.heartbeat", "event.list", "runtime.status"):
        refusal = bench.refused(errors.Denied, method, seated, worker_id="w2")
        assert refusal.number == 1006


def test_epochs_of_a_worker_grow_over_everything(bench: Bench) -> None:
    bench.worker()
    seen = []
    for pid in (700, 701, 702, 703):
        peer = bench.peer(pid=pid)
        seen.append(bench.call("runtime.attach", peer, takeover=True)["runtime_epoch"])
        if pid % 2:
            bench.call("runtime.detach", peer)
    assert seen == [1, 2, 3, 4]
    assert INIT in bench.world.living
