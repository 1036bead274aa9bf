"""Seats with real processes: descendants, takeover, death, and a daemon that restarts meanwhile."""

import os
import signal
from pathlib import Path

from tests.helpers.daemon_process import DaemonProcess, Json, RawConnection, make_worker
from tests.helpers.puppet import THREADED, WORKER, puppet

EVENT = '{"type":"t"}'


def _refusal(answer: Json) -> Json:
    return dict(answer["error"]["data"])


def _socket_path(control: RawConnection, worker_id: str) -> str:
    return str(control.call("worker.get", worker_id=worker_id)["socket_path"])


def test_a_killed_worker_is_noticed_through_its_process(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        worker_id = make_worker(control, start="starting")
        with puppet(_socket_path(control, worker_id)) as worker:
            assert worker.call("runtime.attach")["result"]["worker"]["state"] == "idle"
            asked = worker.call("approval.request", '{"message":"may I?"}')["result"]
            worker.kill()
            events = control.call(
                "event.wait", worker_id=worker_id, types=["runtime.exited"], timeout_ms=30_000
            )
            assert events["items"][0]["event_seq"] == 1
        lost = control.call("worker.get", worker_id=worker_id)
        assert (lost["state"], lost["recovery_state"]) == ("error", "lost")
        assert str(worker.process.pid) in lost["last_error"]
        question = control.call("approval.get", request_id=asked["request_id"])
        assert question["state"] == "canceled"


def test_a_takeover_fences_the_first_process(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        worker_id = make_worker(control)
        path = _socket_path(control, worker_id)
        with puppet(path) as first, puppet(path) as second:
            assert first.call("runtime.attach")["result"]["runtime_epoch"] == 1
            assert _refusal(second.call("runtime.attach"))["code"] == "WORKER_ATTACHED"
            assert _refusal(second.call("event.append", EVENT))["code"] == "NOT_ATTACHED"
            taken = second.call("runtime.attach", '{"takeover":true}')["result"]
            assert taken["runtime_epoch"] == 2
            notice = first.call("event.append", EVENT)
            assert notice["method"] == "runtime.fenced"
            assert notice["params"] == {"worker_id": worker_id, "current_epoch": 2}
            assert _refusal(first.read())["code"] == "FENCED"
            refusal = _refusal(first.call("event.append", EVENT))
            assert refusal["details"] == {"worker_id": worker_id, "current_epoch": 2}


def test_descendants_share_the_seat_and_helpers_may_take_it_for_an_ancestor(
    daemon: DaemonProcess,
) -> None:
    with daemon.connect() as control:
        worker_id = make_worker(control)
        path = _socket_path(control, worker_id)
        with puppet(path) as helper:
            own = f'{{"pid":{os.getpid()}}}'
            attached = helper.call("runtime.attach", own)["result"]
            assert attached["worker"]["runtime_pid"] == os.getpid()
            assert "result" in helper.call("event.append", '{"type":"t"}')
        with puppet(path) as child:
            assert "result" in child.call("event.append", '{"type":"t"}')
            stranger = f'{{"pid":{daemon.pid}}}'
            assert child.call("runtime.attach", stranger)["error"]["data"]["code"] == "DENIED"


def test_the_seats_descendants_attach_to_the_same_seat_and_end_nothing(
    daemon: DaemonProcess,
) -> None:
    with daemon.connect() as control:
        worker_id = make_worker(control)
        path = _socket_path(control, worker_id)
        with RawConnection(Path(path)) as own:
            assert own.call("runtime.attach")["runtime_epoch"] == 1
            with puppet(path) as child:
                attached = child.call("runtime.attach")["result"]
                assert (attached["runtime_epoch"], attached["worker"]["runtime_pid"]) == (
                    1, os.getpid(),
                )  # fmt: skip
                child.call("runtime.detach", '{"state":"stopped"}')
                assert "result" in child.call("event.append", EVENT)
            with puppet(path) as another:
                assert another.call("event.append", EVENT)["result"]["event_seq"] == 2
            assert own.call("runtime.detach")["recovery_state"] == "restartable"
        types = [entry["type"] for entry in _controller_entries(control)]
        assert "runtime.exited" not in types
        assert types.count("runtime.attached") == 1


def _controller_entries(control: RawConnection) -> list[Json]:
    return list(control.call("journal.read", streams=["controller:c"])["items"])


def test_a_controller_cannot_be_seated_by_what_it_started(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        worker_id = make_worker(control)
        path = _socket_path(control, worker_id)
        own_session = WORKER.replace("import json", "import os; os.setsid(); import json")
        with puppet(path, own_session) as worker:
            for pid in (os.getpid(), 1):
                refused = worker.call("runtime.attach", f'{{"pid":{pid}}}')
                assert _refusal(refused)["code"] == "DENIED"
            assert "result" in worker.call("runtime.attach", f'{{"pid":{worker.process.pid}}}')


def test_a_process_whose_main_thread_has_ended_lives(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        worker_id = make_worker(control)
        path = _socket_path(control, worker_id)
        with puppet(path, THREADED) as first, puppet(path) as second:
            assert first.call("runtime.attach")["result"]["runtime_epoch"] == 1
            stat = Path(f"/proc/{first.process.pid}/stat").read_text()
            assert stat.rpartition(")")[2].split()[0] == "Z"
            assert _refusal(second.call("runtime.attach"))["code"] == "WORKER_ATTACHED"
            daemon.restart()
            with puppet(path) as third:
                assert _refusal(third.call("runtime.attach"))["code"] == "WORKER_ATTACHED"


def test_who_asks_for_a_forced_stop_is_not_ended_by_it(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        worker_id = make_worker(control)
        path = _socket_path(control, worker_id)
        with RawConnection(Path(path)) as own:
            own.call("runtime.attach")
            with puppet(str(daemon.control_socket)) as child:
                asked = f'{{"worker_id":"{worker_id}","force":true}}'
                assert child.call("worker.stop", asked)["result"]["state"] == "stopped"
            # The seat stays with this process, which is there to say its last words.
            assert own.call("event.append", type="t")["event_seq"] == 1
        entry = _controller_entries(control)[-1]
        assert (entry["type"], entry["data"]["spared"]) == ("worker.state_changed", os.getpid())


def test_a_forced_stop_is_carried_through_by_the_next_run_of_the_daemon(
    daemon: DaemonProcess,
) -> None:
    stubborn = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n{WORKER}"
    with daemon.connect() as control:
        worker_id = make_worker(control)
        path = _socket_path(control, worker_id)
    with puppet(path, stubborn) as worker:
        assert "result" in worker.call("runtime.attach")
        with daemon.connect() as control:
            control.call("worker.stop", worker_id=worker_id, force=True)
        daemon.restart()
        assert worker.process.wait(timeout=30) == -signal.SIGKILL
    with daemon.connect() as control:
        control.call("event.wait", worker_id=worker_id, timeout_ms=30_000)
        assert control.call("worker.get", worker_id=worker_id)["state"] == "stopped"


def test_a_forced_stop_wakes_a_process_that_was_stopped(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        worker_id = make_worker(control)
        with puppet(_socket_path(control, worker_id)) as worker:
            worker.call("runtime.attach")
            worker.process.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, worker.process.pid, os.WSTOPPED)
            control.call("worker.stop", worker_id=worker_id, force=True)
            assert worker.process.wait(timeout=30) == -signal.SIGTERM


def test_attaching_and_writing_may_be_sent_in_one_go(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        worker_id = make_worker(control)
        with RawConnection(Path(_socket_path(control, worker_id))) as worker:
            worker.request("runtime.attach")
            appended = worker.request("event.append", type="t")
            assert worker.answer(appended)["result"]["event_seq"] == 1


def test_a_living_process_keeps_its_seat_over_a_crash_of_the_daemon(
    daemon: DaemonProcess,
) -> None:
    with daemon.connect() as control:
        worker_id = make_worker(control)
        path = Path(_socket_path(control, worker_id))
    with RawConnection(path) as worker:
        assert worker.call("runtime.attach")["runtime_epoch"] == 1
    daemon.restart()
    with RawConnection(path) as worker:
        assert worker.call("event.append", type="t")["event_seq"] == 1
        assert worker.call("runtime.attach")["runtime_epoch"] == 1
        assert worker.call("runtime.status")["attached"] is True


def test_a_process_that_died_while_the_daemon_was_down_is_noticed(
    daemon: DaemonProcess,
) -> None:
    with daemon.connect() as control:
        worker_id = make_worker(control)
        path = _socket_path(control, worker_id)
    with puppet(path) as worker:
        worker.call("runtime.attach")
        daemon.kill()
    daemon.start()
    with daemon.connect() as control:
        control.call("event.wait", worker_id=worker_id, timeout_ms=30_000)
        assert control.call("worker.get", worker_id=worker_id)["recovery_state"] == "lost"


def test_stopping_with_force_ends_the_process_and_the_worker_stays_stopped(
    daemon: DaemonProcess,
) -> None:
    with daemon.connect() as control:
        worker_id = make_worker(control)
        with puppet(_socket_path(control, worker_id)) as worker:
            worker.call("runtime.attach")
            control.call("worker.stop", worker_id=worker_id, force=True)
            assert worker.process.wait(timeout=30) == -15
        control.call("event.wait", worker_id=worker_id, timeout_ms=30_000)
        assert control.call("worker.get", worker_id=worker_id)["state"] == "stopped"


def test_a_worker_reaches_its_own_things_only(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        worker_id, other = make_worker(control), make_worker(control)
        with RawConnection(Path(_socket_path(control, worker_id))) as worker:
            assert worker.call("worker.get")["worker_id"] == worker_id
            assert worker.refusal("worker.get", worker_id=other) == "DENIED"
            assert worker.refusal("controller.list") == "DENIED"
            assert worker.refusal("journal.subscribe", streams=["*"]) == "DENIED"
            assert worker.refusal("journal.read", streams=[f"worker:{other}"]) == "DENIED"
            fence = {"epoch": 1, "token": "t"}
            assert worker.error("worker.heartbeat", fence=fence)["code"] == -32602


def test_a_stopped_worker_writes_its_last_words_also_after_a_restart(
    daemon: DaemonProcess,
) -> None:
    with daemon.connect() as control:
        worker_id = make_worker(control)
        path = Path(_socket_path(control, worker_id))
        with RawConnection(path) as worker:
            worker.call("runtime.attach")
            control.call("worker.stop", worker_id=worker_id)
            assert not path.exists()
            assert worker.call("event.append", type="still here")["event_seq"] == 1
    daemon.restart()
    with RawConnection(path) as worker:
        assert worker.call("event.append", type="last words")["event_seq"] == 2
        assert worker.call("runtime.detach")["state"] == "stopped"
    assert not path.exists()
