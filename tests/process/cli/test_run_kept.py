"""A command in the background over kills of everybody, one by one and together."""

import os
import signal
import sys
from pathlib import Path

from tests.helpers.background import SLEEPS, Background, Kept, children_of, words_of
from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.programs import runs, wait_gone
from tests.helpers.waiting import until

IGNORES = ("sh", "-c", "trap '' TERM; echo $$; while :; do sleep 1000; done")
LEAVES = """
import os, time
if not os.fork():
    os.setsid()
os.write(1, b"%d\\n" % os.getpid())
time.sleep(1000)
"""
"""Two processes, of which one leaves group and session; each writes its pid, in any order."""


def kill(*pids: int) -> None:
    """End processes as the kernel does when memory is short."""
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    for pid in pids:
        wait_gone(pid)


def test_a_runner_that_is_killed_is_followed_by_one_that_tells_the_end(
    background: Background,
) -> None:
    kept = background.run(*SLEEPS)
    keeper, runner, command = kept.keeper, kept.runner, kept.command
    kill(runner)

    wait_gone(keeper)
    assert not runs(command)
    assert kept.wait_ended()["last_error"] == "killed by SIGTERM"
    told = kept.events("process.started", "process.exited", "runtime.exited")
    assert [event["type"] for event in told] == [
        "process.started", "runtime.exited", "process.exited",
    ]  # fmt: skip
    assert told[-1]["data"] == {"exit_status": None, "signal": "SIGTERM"}


def test_a_policy_goes_on_in_the_same_worker_after_the_runner_was_killed(
    background: Background,
) -> None:
    kept = background.run("--restart", "on-failure", *SLEEPS)
    keeper, first = kept.keeper, kept.command
    kill(kept.runner)

    assert kept.wait_for("process.started", 2)["attempt"] == 2
    assert not runs(first)
    assert runs(kept.command)
    assert (kept.keeper, kept.record()["state"]) == (keeper, "running")


def test_what_ignores_sigterm_is_gone_before_the_next_one_starts(background: Background) -> None:
    kept = background.run("--restart", "always", "--kill-after-s", "0.2", *IGNORES)
    first = kept.command
    kill(kept.runner)

    kept.wait_for("process.started", 2)
    assert not runs(first)
    assert kept.events("process.exited")[0]["data"]["signal"] == "SIGKILL"


def test_runner_and_guard_that_are_killed_leave_the_command_to_the_keeper(
    background: Background,
) -> None:
    kept = background.run("--kill-after-s", "0.2", *SLEEPS)
    runner, command, keeper = kept.runner, kept.command, kept.keeper
    guard = kept.guard
    # Stopped, so that it cannot put another guard in the place of the one that is killed.
    os.kill(runner, signal.SIGSTOP)
    kill(guard, runner)

    wait_gone(command)
    wait_gone(keeper)
    assert kept.record()["last_error"] == "killed by SIGTERM"


def test_a_keeper_that_is_killed_is_missed_by_nobody_until_the_end(
    background: Background,
) -> None:
    kept = background.run(*SLEEPS)
    runner, command = kept.runner, kept.command
    kill(kept.keeper)
    assert runs(command)

    assert background.say("stop", kept.name).code == 0
    wait_gone(runner)
    assert not runs(command)
    assert kept.record()["state"] == "stopped"


def test_keeper_and_then_runner_that_are_killed_leave_the_group_to_the_guard(
    background: Background,
) -> None:
    kept = background.run(*SLEEPS)
    runner, command = kept.runner, kept.command
    kill(kept.keeper)
    kill(runner)

    wait_gone(command)
    assert kept.wait_for("process.guarded")["signal"] == "SIGTERM"
    assert kept.wait_ended()["recovery_state"] == "lost"


def test_what_left_the_group_is_an_orphan_then_and_doctor_names_it(
    background: Background,
) -> None:
    kept = background.run(sys.executable, "-c", LEAVES)
    kept.wait_for("output", 2)
    pids = {int(event["data"]["text"]) for event in kept.events("output")}
    (gone,) = pids - {kept.command}
    keeper, runner = kept.keeper, kept.runner
    os.kill(keeper, signal.SIGKILL)
    kill(runner)
    kept.wait_for("process.guarded")

    assert runs(gone)
    examined = background.say("doctor", "--json").json
    (finding,) = [each for each in examined["findings"] if each["check"] == "left behind"]
    assert finding["level"] == "warning"
    assert f"{gone}" in finding["detail"]
    assert kept.worker_id in finding["detail"]
    os.kill(gone, signal.SIGKILL)
    wait_gone(gone)
    examined = background.say("doctor", "--json").json
    (finding,) = [each for each in examined["findings"] if each["check"] == "left behind"]
    assert finding["level"] == "ok"


def test_nothing_that_the_command_started_outlives_its_keeper(background: Background) -> None:
    kept = background.run(sys.executable, "-c", LEAVES)
    kept.wait_for("output", 2)
    pids = [int(event["data"]["text"]) for event in kept.events("output")]
    keeper = kept.keeper
    assert background.say("stop", kept.name).code == 0

    wait_gone(keeper)
    assert not any(runs(pid) for pid in pids)


def test_a_keeper_that_is_asked_to_end_ends_all_of_it(background: Background) -> None:
    kept = background.run("--restart", "always", *SLEEPS)
    keeper, command = kept.keeper, kept.command
    os.kill(keeper, signal.SIGTERM)

    wait_gone(keeper)
    assert not runs(command)
    assert kept.wait_ended()["last_error"] == "killed by SIGTERM"


def test_a_command_that_is_killed_is_an_end_like_any_other(background: Background) -> None:
    kept = background.run("--restart", "on-failure", *SLEEPS)
    kill(kept.command)
    assert kept.wait_for("process.exited") == {
        "exit_status": None, "signal": "SIGKILL", "restart_after_ms": 1000,
    }  # fmt: skip
    assert kept.wait_for("process.started", 2)["attempt"] == 2


def test_a_runner_that_is_killed_between_two_starts_is_followed_by_one_that_goes_on(
    background: Background,
) -> None:
    kept = background.run("--restart", "always", "sh", "-c", "exit 3")
    kept.wait_for("process.exited", 2)
    kill(kept.runner)

    assert kept.wait_for("process.started", 3)["attempt"] == 3
    told = kept.events("process.started", "process.exited")
    assert [event["type"] for event in told[:5]] == ["process.started", "process.exited"] * 2 + [
        "process.started"
    ]


def test_a_runner_that_is_killed_while_the_daemon_is_away_is_followed_when_it_is_back(
    daemon: DaemonProcess, background: Background
) -> None:
    kept = background.run("--restart", "always", *SLEEPS)
    runner, keeper = kept.runner, kept.keeper
    daemon.kill()
    kill(runner)
    until(lambda: any("run.kept" in words_of(pid) for pid in children_of(keeper)), "nobody follows")
    daemon.start()

    assert kept.wait_for("process.started", 2)["attempt"] == 2


def test_a_worker_that_was_stopped_meanwhile_is_not_run_again(background: Background) -> None:
    kept = background.run("--restart", "always", *SLEEPS)
    runner, keeper, command = kept.runner, kept.keeper, kept.command
    os.kill(keeper, signal.SIGSTOP)
    kill(runner)
    kept.ask("worker.stop")
    os.kill(keeper, signal.SIGCONT)

    wait_gone(keeper)
    assert not runs(command)
    assert len(kept.events("process.started")) == 1
    assert kept.record()["state"] == "stopped"


def test_what_is_to_be_kept_outlives_its_runner_also_in_the_background(
    background: Background,
) -> None:
    kept = background.run("--keep", *SLEEPS)
    keeper, command = kept.keeper, kept.command
    kill(kept.runner)
    wait_gone(keeper)
    assert runs(command)
    kill(command)


def test_an_end_that_nobody_hears_of_is_not_kept_for_ever(
    daemon: DaemonProcess, background: Background
) -> None:
    kept = background.run("--give-up-s", "0", *SLEEPS)
    runner, keeper = kept.runner, kept.keeper
    daemon.kill()
    kill(runner)
    wait_gone(keeper)
    daemon.start()
    assert kept.wait_ended()["recovery_state"] == "lost"


def end_with_keeper(outer: Kept, go_on: Path) -> None:
    """Let a command end that waits for a file, and see that its keeper has gone too."""
    outer.wait_for("output")
    keeper = outer.keeper
    go_on.touch()
    wait_gone(keeper)
    assert outer.wait_ended()["last_error"] is None


def test_a_worker_that_was_started_in_another_outlives_it(
    background: Background, short_dir: Path
) -> None:
    go_on = short_dir / "go-on"
    script = f"penholder run -d --name inner -- sleep 1000; until test -e {go_on}; do :; done"
    outer = background.run("--name", "outer", "--", "sh", "-c", script)
    end_with_keeper(outer, go_on)

    inner = Kept(background.daemon, "inner")
    assert (inner.record()["state"], runs(inner.command)) == ("running", True)
    assert not outer.events("process.left")
    assert "no process outlives its worker" in background.say("doctor").out


def test_a_daemon_that_was_started_in_a_worker_outlives_it(
    background: Background, short_dir: Path
) -> None:
    go_on, other = short_dir / "go-on", short_dir / "other"
    where = ("--runtime-dir", str(other / "r"), "--state-dir", str(other / "s"))
    script = f"penholder up {' '.join(where)}; until test -e {go_on}; do :; done"
    outer = background.run("--name", "outer", "--", "sh", "-c", script)
    end_with_keeper(outer, go_on)

    assert background.say("status", *where).code == 0
    assert background.say("down", *where).code == 0
