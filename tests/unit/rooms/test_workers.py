"""The workers room: making, finding, setting, stopping, removing."""

import pytest

from penholder_daemon.core import seats
from penholder_daemon.core.caller import CONTROL, Caller
from penholder_daemon.core.effects import CloseWorker, EndProcess, ServeWorker, WakeWaiters
from penholder_daemon.core.rules import Rules
from penholder_protocol import errors
from tests.helpers.harness import Bench

SETTERS: dict[str, tuple[dict[str, object], dict[str, object]]] = {
    "worker.set_turn": ({"turn_id": "t1"}, {"active_turn_id": "t1"}),
    "worker.set_session": ({"session_id": "s1"}, {"session_id": "s1"}),
    "worker.set_endpoint": (
        {"runtime_pid": 4711, "runtime_socket": "/tmp/x.sock"},
        {"runtime_pid": 4711, "runtime_socket": "/tmp/x.sock"},
    ),
    "worker.clear_endpoint": ({}, {"runtime_pid": None, "runtime_socket": None}),
    "worker.heartbeat": ({}, {"heartbeat_at": "2026-01-01T00:00:00.007Z"}),
}


def test_create_answers_the_whole_record(bench: Bench) -> None:
    bench.controller()
    made = bench.call(
        "worker.create",
        controller_id="c1",
        label="Ada",
        launcher="shell",
        profile="default",
        cwd="/src",
    )
    assert made == {
        "worker_id": "w_1",
        "controller_id": "c1",
        "host_id": bench.world.host_id,
        "label": "Ada",
        "launcher": "shell",
        "profile": "default",
        "packs": [],
        "cwd": "/src",
        "env": {},
        "session_id": "sess_1",
        "socket_path": "/run/penholder/workers/w_1.sock",
        "runtime_pid": None,
        "runtime_socket": None,
        "state": "idle",
        "recovery_state": "restartable",
        "active_turn_id": None,
        "heartbeat_at": None,
        "created_at": "2026-01-01T00:00:00.000Z",
        "updated_at": "2026-01-01T00:00:00.000Z",
        "stopped_at": None,
        "last_error": None,
    }
    assert bench.call("worker.get", worker_id="w_1") == made
    assert bench.effects == [ServeWorker("w_1")]


def test_create_keeps_what_is_given(bench: Bench) -> None:
    made = bench.worker(packs=["a", "b"], env={"K": "ü"}, session_id="s", start="starting")
    assert (made["packs"], made["env"], made["session_id"], made["state"]) == (
        ["a", "b"],
        {"K": "ü"},
        "s",
        "starting",
    )


@pytest.mark.parametrize("start", ["running", "stopped", ""])
def test_create_starts_idle_or_starting_only(bench: Bench, start: object) -> None:
    bench.controller()
    with pytest.raises(errors.InvalidParams):
        bench.worker(start=start)


@pytest.mark.parametrize(
    "worker_id", ["", "a" * 65, "a b", "a/b", "../x", "ü", "a\n", "a\x00", 7, "w:1;"]
)
def test_an_id_that_no_worker_can_have_is_wrong_params(bench: Bench, worker_id: object) -> None:
    bench.controller()
    with pytest.raises(errors.InvalidParams):
        bench.worker(worker_id)


def test_the_longest_id_with_every_character(bench: Bench) -> None:
    worker_id = "Az09._:-" * 8
    assert bench.worker(worker_id)["worker_id"] == worker_id


def test_a_socket_path_over_the_kernels_limit_is_told(bench: Bench) -> None:
    bench.controller()
    bench.world.sockets_dir = "/" + "d" * 90
    with pytest.raises(errors.ValueTooLarge) as caught:
        bench.worker("w" * 12)
    assert caught.value.details["limit"] == "MAX_SOCKET_PATH_BYTES"
    assert caught.value.details["maximum"] == 107
    bench.worker("w" * 10)


def test_an_id_is_never_used_again(bench: Bench) -> None:
    bench.worker()
    for _ in range(2):
        with pytest.raises(errors.WorkerExists) as caught:
            bench.worker()
        assert caught.value.number == 1002
        bench.in_state("stopped")
    bench.call("worker.remove", worker_id="w1")
    with pytest.raises(errors.WorkerExists):
        bench.worker()
    bench.controller("c2")
    with pytest.raises(errors.WorkerExists):
        bench.worker("w1", "c2")


@pytest.mark.parametrize("params", [{"packs": ["x" * 4000] * 70}, {"env": {"k": "\x01" * 4096}}])
def test_packs_and_env_are_json_values_of_bounded_size(
    bench: Bench, params: dict[str, object]
) -> None:
    if "env" in params:
        params = {"env": {f"k{n}": "\x01" * 4096 for n in range(11)}}
    bench.controller()
    with pytest.raises(errors.ValueTooLarge) as caught:
        bench.worker(**params)
    assert caught.value.details["limit"] == "MAX_VALUE_BYTES"


def test_list_filters_and_is_newest_first(bench: Bench) -> None:
    bench.worker("a")
    bench.worker("b", "c2")
    bench.worker("c")
    bench.in_state("running", "a")

    def ids(**params: object) -> list[str]:
        return [item["worker_id"] for item in bench.call("worker.list", **params)["items"]]

    assert ids() == ["c", "b", "a"]
    assert ids(controller_id="c1") == ["c", "a"]
    assert ids(state="idle") == ["c", "b"]
    assert ids(controller_id="c1", state="running") == ["a"]
    assert ids(state="error") == []
    bench.refused(errors.InvalidParams, "worker.list", state="asleep")


@pytest.mark.parametrize(
    "method",
    [
        *SETTERS,
        "worker.get",
        "worker.transition",
        "worker.stop",
        "worker.remove",
        "runtime.status",
        "event.append",
        "event.append_many",
        "event.list",
        "event.latest",
        "event.wait",
        "approval.request",
        "approval.list",
        "handoff.register",
        "handoff.latest",
        "handoff.list",
    ],
)
def test_an_unknown_worker_is_not_found(bench: Bench, method: str) -> None:
    needed: dict[str, dict[str, object]] = {
        "worker.transition": {"to": "idle"},
        "event.append": {"type": "x"},
        "event.append_many": {"events": [{"type": "x"}]},
        "approval.request": {"message": "?"},
        "handoff.register": {"handoff_path": "/h", "checkpoint_path": "/c"},
    }
    params = {**SETTERS.get(method, ({}, {}))[0], **needed.get(method, {})}
    refusal = bench.refused(errors.WorkerNotFound, method, worker_id="nobody", **params)
    assert refusal.number == 1001
    assert refusal.details == {"worker_id": "nobody"}


@pytest.mark.parametrize("method", SETTERS)
@pytest.mark.parametrize("state", ["starting", "running", "error", "stopped"])
def test_setters_work_in_every_state_and_answer_the_worker(
    bench: Bench, method: str, state: str
) -> None:
    bench.worker()
    bench.call(
        "worker.set_endpoint", worker_id="w1", runtime_pid=1, runtime_socket="/tmp/before.sock"
    )
    bench.in_state(state)
    before = bench.call("worker.get", worker_id="w1")
    bench.world.pass_ms(7)
    params, expected = SETTERS[method]
    after = bench.call(method, worker_id="w1", **params)
    assert after == {**before, **expected, "updated_at": "2026-01-01T00:00:00.007Z"}
    assert bench.call("worker.get", worker_id="w1") == after


def test_a_turn_can_be_taken_back(bench: Bench) -> None:
    bench.worker()
    bench.call("worker.set_turn", worker_id="w1", turn_id="t")
    assert bench.call("worker.set_turn", worker_id="w1", turn_id=None)["active_turn_id"] is None


def test_while_attached_runtime_pid_is_the_seated_process(bench: Bench) -> None:
    bench.worker()
    seated = bench.seated(pid=700)
    told = bench.call("worker.set_endpoint", seated, runtime_pid=4711, runtime_socket="/tmp/x.sock")
    assert (told["runtime_pid"], told["runtime_socket"]) == (700, "/tmp/x.sock")
    assert bench.call("runtime.detach", seated)["runtime_pid"] == 4711


def test_stop_stops_for_good(bench: Bench) -> None:
    bench.worker()
    bench.call("worker.set_turn", worker_id="w1", turn_id="t")
    bench.effects.clear()
    bench.world.pass_ms(5)
    stopped = bench.call("worker.stop", worker_id="w1")
    assert stopped["state"] == "stopped"
    assert stopped["stopped_at"] == stopped["updated_at"] == "2026-01-01T00:00:00.005Z"
    assert stopped["active_turn_id"] is None
    assert bench.effects == [CloseWorker("w1")]
    bench.world.pass_ms(5)
    assert bench.call("worker.stop", worker_id="w1") == stopped
    assert bench.notes()[-1][0] == "worker.state_changed"
    assert bench.note_types().count("worker.state_changed") == 1


def test_forced_stop_ends_the_seated_process_also_of_a_stopped_worker(bench: Bench) -> None:
    bench.worker()
    bench.seated()
    bench.effects.clear()
    bench.call("worker.stop", worker_id="w1")
    assert EndProcess("w1") not in bench.effects
    bench.call("worker.stop", worker_id="w1", force=True)
    assert bench.effects[-1] == EndProcess("w1")


@pytest.mark.parametrize("distance", ["itself", "parent", "far"])
@pytest.mark.parametrize("in_transaction", [False, True])
def test_a_forced_stop_spares_who_asks_and_its_ancestors(
    bench: Bench, distance: str, in_transaction: bool
) -> None:
    bench.worker()
    seated = bench.seated(pid=700)
    child = bench.child(seated, 701)
    asker = {"itself": seated, "parent": child, "far": bench.child(child, 702)}[distance]
    asker = Caller(CONTROL, asker.uid, asker.pid, None, asker.lineage, asker.in_session)
    bench.effects.clear()
    if in_transaction:
        params = {"worker_id": "w1", "force": True}
        bench.call("tx.apply", asker, calls=[{"method": "worker.stop", "params": params}])
    else:
        assert bench.call("worker.stop", asker, worker_id="w1", force=True)["state"] == "stopped"
    assert bench.effects == [CloseWorker("w1")]
    type_, data = bench.notes()[-1]
    assert (type_, data["force"], data["spared"]) == ("worker.state_changed", True, 700)
    assert seats.to_be_ended(bench.rx()) == []


def test_a_forced_stop_by_a_relative_that_is_no_ancestor_spares_nobody(bench: Bench) -> None:
    bench.worker()
    shell = bench.peer(pid=800)
    bench.call("runtime.attach", bench.child(shell, 801))
    asker = Caller(CONTROL, 1, 802, None, bench.child(shell, 802).lineage)
    bench.call("worker.stop", asker, worker_id="w1", force=True)
    assert bench.effects[-1] == EndProcess("w1")
    assert "spared" not in bench.notes()[-1][1]


def test_a_forced_stop_is_remembered_until_the_process_has_ended(bench: Bench) -> None:
    bench.worker()
    bench.seated()
    bench.call("worker.stop", worker_id="w1", force=True)
    assert seats.to_be_ended(bench.rx()) == ["w1"]
    bench.own("runtime.exited", worker_id="w1", epoch=1)
    assert seats.to_be_ended(bench.rx()) == []


@pytest.mark.parametrize("state", ["starting", "idle", "running", "waiting_approval", "error"])
def test_only_a_stopped_worker_is_removed(bench: Bench, state: str) -> None:
    bench.worker()
    bench.in_state(state)
    refusal = bench.refused(errors.WorkerNotStopped, "worker.remove", worker_id="w1")
    assert refusal.number == 1004
    assert refusal.details == {"worker_id": "w1", "current_state": state}


def test_remove_takes_approvals_and_handoffs_and_leaves_stream_and_epochs(bench: Bench) -> None:
    bench.worker()
    seated = bench.seated()
    bench.call("event.append", seated, type="said")
    approval = bench.call("approval.request", seated, message="?")["request_id"]
    bench.call("handoff.register", seated, handoff_path="/h", checkpoint_path="/c")
    bench.call("worker.send", worker_id="w1", kind="text")
    bench.call("worker.stop", worker_id="w1")
    assert bench.call("worker.remove", worker_id="w1") == {"removed": True}
    assert bench.effects[-2:] == [
        CloseWorker("w1", drop_connections=True),
        WakeWaiters("worker:w1"),
    ]
    bench.refused(errors.WorkerNotFound, "worker.get", worker_id="w1")
    bench.refused(errors.ApprovalNotFound, "approval.get", request_id=approval)
    assert bench.call("handoff.list", controller_id="c1")["items"] == []
    assert bench.call("approval.list", controller_id="c1", state="all")["items"] == []
    entries = bench.call("journal.read", streams=["worker:w1"])["items"]
    assert [entry["type"] for entry in entries] == ["said"]
    assert bench.database.row("SELECT epoch FROM fences WHERE subject = 'worker:w1'") == (1,)
    peer = {"uid": 1000, "pid": 50, "host_id": bench.world.host_id}
    assert bench.notes()[-1] == ("worker.removed", {"worker_id": "w1", **peer})


def test_a_worker_that_is_stopped_takes_no_room_from_itself(bench: Bench) -> None:
    bench.world.rules = Rules(max_workers=2)
    bench.worker("w1")
    bench.worker("w2")
    bench.call("worker.stop", worker_id="w1")
    back = {"worker_id": "w1", "expected": "stopped", "to": "idle", "force": True}
    assert bench.call("worker.transition", **back)["state"] == "idle"
    with pytest.raises(errors.TooManyWorkers):
        bench.worker("w3")
    bench.call("worker.stop", worker_id="w1")
    bench.worker("w3")
    bench.refused(errors.TooManyWorkers, "worker.transition", **back)


def test_creation_is_journaled(bench: Bench) -> None:
    bench.worker()
    type_, data = bench.notes()[-1]
    assert type_ == "worker.created"
    assert (data["worker_id"], data["uid"], data["pid"]) == ("w1", 1000, 50)
