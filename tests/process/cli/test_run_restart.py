"""`penholder run` over the daemon's crashes: nothing lost, nothing doubled, nothing ended."""

import signal
from pathlib import Path

from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.programs import Start

LINES = 40_000
COUNT = f'i=0; while [ $i -lt {LINES} ]; do i=$((i+1)); echo "$i"; done'


def test_output_goes_on_over_crashes_without_loss_or_doubles(
    daemon: DaemonProcess, start: Start
) -> None:
    worker = start("sh", "-c", COUNT, flags=("--quiet",))
    for seen in (1, LINES // 20, LINES // 10, LINES // 5):
        worker.wait_for_events(seen)
        daemon.restart()

    assert worker.end().code == 0
    assert worker.texts() == [str(n) for n in range(1, LINES + 1)]
    events = worker.events()
    assert [events[0]["type"], events[-1]["type"]] == ["process.started", "process.exited"]
    assert worker.record()["state"] == "stopped"
    assert not [event for event in events if event["type"] == "runtime.exited"]


def test_a_command_that_ends_while_the_daemon_is_away_is_told_later(
    daemon: DaemonProcess,
    start: Start,
) -> None:
    worker = start("sh", "-c", "echo before; read x; echo after; exit 3")
    worker.wait_for("before")
    assert worker.running.line() == "before"
    daemon.kill()
    worker.running.say("")
    assert worker.running.line() == "after"
    daemon.start()

    assert worker.end().code == 3
    assert worker.texts() == ["before", "after"]
    assert worker.record()["last_error"] == "exit status 3"


def test_a_stop_after_a_crash_is_noticed(daemon: DaemonProcess, start: Start) -> None:
    worker = start("sh", "-c", "echo ready; exec sleep 1000")
    worker.wait_for("ready")
    daemon.restart()
    worker.transition("canceling")

    assert worker.end().code == 128 + signal.SIGTERM


def test_more_than_the_backlog_holds_waits_for_the_daemon(
    daemon: DaemonProcess, start: Start
) -> None:
    lines, width = 3_000, 4_000
    script = f"echo ready; read x; yes $(printf '%0{width}d' 0) | head -{lines}"
    worker = start("sh", "-c", script, flags=("--quiet",))
    worker.wait_for("ready")
    daemon.kill()
    worker.running.say("")
    daemon.start()

    assert worker.end().code == 0
    assert [len(text) for text in worker.texts()[1:]] == [width] * lines


def test_who_waits_for_a_daemon_that_stays_away_can_be_ended(
    daemon: DaemonProcess, start: Start
) -> None:
    worker = start("sh", "-c", "echo before; read x; echo after")
    worker.wait_for("before")
    assert worker.running.line() == "before"
    daemon.kill()
    worker.running.say("")
    assert worker.running.line() == "after"
    worker.running.signal(signal.SIGINT)
    worker.running.signal(signal.SIGTERM)
    ran = worker.end()

    assert ran.code in (12, 128 + signal.SIGTERM)
    daemon.start()
    # The process is gone without a farewell, and the daemon says so when it is back.
    assert worker.texts() == ["before"]


def test_giving_up_has_its_time(daemon: DaemonProcess, start: Start) -> None:
    worker = start("sh", "-c", "echo before; read x", flags=("--give-up-s", "0"))
    worker.wait_for("before")
    daemon.kill()
    worker.running.say("")
    ran = worker.end()

    assert ran.code == 12
    assert "penholder run: " in ran.err
    daemon.start()


def test_in_the_foreground_each_restart_is_told(
    daemon: DaemonProcess, start: Start, short_dir: Path
) -> None:
    script = f"test -e {short_dir}/once && exit 0; touch {short_dir}/once; exit 3"
    ran = start("sh", "-c", script, flags=("--restart", "on-failure")).end()

    assert (ran.code, ran.err) == (
        0, "penholder run: the command ended: exit status 3; again in 1 s\n",
    )  # fmt: skip
