"""`penholder run`: who ends a command, and that nothing of its group is left."""

import os
import signal
import sys

import pytest

from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.programs import Start, penholder, runs, stubborn

POLITE = """
trap 'echo bye; exit 0' TERM
echo ready
while :; do sleep 0.2 & wait $!; done
"""


@pytest.mark.parametrize("state", ["canceling", "stopped"])
def test_a_worker_that_is_to_end_gets_sigterm_and_may_say_its_last_words(
    start: Start, state: str
) -> None:
    worker = start("sh", "-c", POLITE)
    worker.wait_for("ready")
    worker.transition(state)

    assert worker.end().code == 0
    assert worker.texts() == ["ready", "bye"]
    assert worker.events()[-1]["type"] == "process.exited"
    assert worker.record()["state"] == "stopped"


@pytest.mark.parametrize("state", ["canceling", "stopped"])
def test_what_ignores_sigterm_is_killed_with_its_whole_group(start: Start, state: str) -> None:
    worker, pids = stubborn(start)
    worker.transition(state)

    assert worker.end().code == 128 + signal.SIGKILL
    assert not any(runs(pid) for pid in pids)
    record = worker.record()
    expected = "stopped" if state == "stopped" else "error"
    assert record["state"] == expected
    assert worker.events()[-1]["data"] == {"exit_status": None, "signal": "SIGKILL"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_to_run_ends_the_command_in_the_same_way(
    start: Start, number: signal.Signals
) -> None:
    worker, pids = stubborn(start)
    worker.running.signal(number)

    assert worker.end().code == 128 + signal.SIGKILL
    assert not any(runs(pid) for pid in pids)
    record = worker.record()
    assert (record["state"], record["last_error"]) == ("error", "killed by SIGKILL")
    assert record["recovery_state"] == "restartable"


def test_a_second_signal_is_not_patient(start: Start) -> None:
    worker, pids = stubborn(start, kill_after_s="3600")
    worker.running.signal(signal.SIGINT)
    worker.wait_for("no")
    worker.running.signal(signal.SIGINT)

    assert worker.end().code == 128 + signal.SIGKILL
    assert not any(runs(pid) for pid in pids)


def test_a_forced_stop_ends_the_group_before_the_daemon_ends_run(start: Start) -> None:
    worker, pids = stubborn(start, kill_after_s="3600")
    worker.ask("worker.stop", worker_id="w", force=True)

    assert worker.end().code == 128 + signal.SIGKILL
    assert not any(runs(pid) for pid in pids)
    assert worker.events()[-1]["type"] == "process.exited"


def test_a_stopped_process_is_woken_to_end(start: Start) -> None:
    worker = start("sh", "-c", "echo ready; kill -STOP $$", flags=("--kill-after-s", "3600"))
    worker.wait_for("ready")
    worker.transition("canceling")

    assert worker.end().code == 128 + signal.SIGTERM


def test_what_a_command_leaves_in_its_group_is_ended(start: Start) -> None:
    script = "sleep 1000 >/dev/null 2>&1 & echo $!"
    worker = start("sh", "-c", script, flags=("--kill-after-s", "0.1"))
    pid = int(worker.running.line())

    assert worker.end().code == 0
    assert not runs(pid)


def test_what_has_left_the_group_does_not_hold_up_the_end(start: Start) -> None:
    script = """
import os, time
child = os.fork()
if not child:
    os.setsid()
    os.write(1, b"%d\\n" % os.getpid())
    time.sleep(1000)
os.read(0, 1)
"""
    worker = start(sys.executable, "-c", script)
    pid = int(worker.running.line())
    worker.running.say("")
    try:
        assert worker.end().code == 0
        assert worker.texts() == [str(pid)]
        (left,) = [event for event in worker.events() if event["type"] == "process.left"]
        (named,) = left["data"]["left"]
        assert named["pid"] == pid
        assert named["command"].startswith(sys.executable)
    finally:
        os.kill(pid, signal.SIGKILL)


def test_another_process_in_the_seat_ends_the_command(daemon: DaemonProcess, start: Start) -> None:
    worker, pids = stubborn(start)
    taken = penholder(daemon, "--worker", "w", "runtime", "attach", "--takeover")
    assert taken.code == 0, taken.err

    ran = worker.end()

    assert ran.code == 5
    assert "penholder run: " in ran.err
    assert not any(runs(pid) for pid in pids)


def test_a_worker_that_is_removed_has_no_last_words(start: Start) -> None:
    worker, pids = stubborn(start, kill_after_s="3600")
    worker.transition("stopped")
    worker.wait_for("no")
    worker.ask("worker.remove", worker_id="w")
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    ran = worker.end()

    assert ran.code == 128 + signal.SIGKILL
    assert "penholder run: " in ran.err


def test_a_command_that_stops_its_own_worker_by_force_ends_as_usual(start: Start) -> None:
    script = """
trap 'echo bye; exit 0' TERM
penholder worker stop --worker-id "$PENHOLDER_WORKER_ID" --force >/dev/null
while :; do sleep 0.2 & wait $!; done
"""
    worker = start("sh", "-c", script, flags=("--kill-after-s", "3600"))
    assert worker.end().code == 0
    assert worker.texts() == ["bye"]
    assert worker.record()["state"] == "stopped"
    with worker.daemon.connect() as control:
        entries = control.call("journal.read", streams=["controller:c"])["items"]
    spared = [entry["data"]["spared"] for entry in entries if "spared" in entry["data"]]
    assert spared == [worker.running.process.pid]
