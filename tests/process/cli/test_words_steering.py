"""stop, kill and restart: of what `penholder run` started, and of any other worker."""

import os
import signal
import sys
from collections.abc import Iterator

import pytest

from tests.helpers.background import SLEEPS, Background, Kept, workers
from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.programs import Running, runs, wait_gone
from tests.helpers.puppet import Puppet

FAILS = ("sh", "-c", "echo $$; exit 3")
POLITE = (
    "sh", "-c", "trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 100 & wait $!; done",
)  # fmt: skip
STUBBORN = ("sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1000; done")
HEARS = """
import os, signal
signal.signal(signal.SIGUSR1, lambda *_: os.write(1, b"heard\\n"))
os.write(1, b"ready\\n")
while True:
    signal.pause()
"""


@pytest.fixture
def stranger(daemon: DaemonProcess) -> Iterator[Puppet]:
    """Give a worker `other` that a program of its own sits for."""
    with daemon.connect() as control:
        control.call("controller.register", controller_id="c", label="c", workspace_key="/w")
        made = control.call(
            "worker.create", worker_id="w", controller_id="c", label="other", launcher="x",
            profile="p", cwd="/",
        )  # fmt: skip
    puppet = Puppet(made["socket_path"])
    assert "result" in puppet.call("runtime.attach")
    yield puppet
    puppet.process.kill()
    puppet.process.communicate()


def test_stop_waits_until_the_command_has_said_its_last_words(background: Background) -> None:
    kept = background.run(*POLITE)
    kept.wait_for("output")
    said = background.say("stop", kept.name)

    assert (said.code, said.out, said.err) == (0, "sh-1\n", "")
    output = [event["data"] for event in kept.events("output")]
    assert [each["text"] for each in output if each["stream"] == "stdout"] == ["ready", "bye"]
    assert kept.types()[-1] == "process.exited"
    assert kept.record()["state"] == "stopped"
    assert background.say("stop", kept.worker_id).code == 0  # it is stopped


def test_stop_kills_what_does_not_end_by_itself(background: Background) -> None:
    kept = background.run("--kill-after-s", "0.2", "--restart", "always", *STUBBORN)
    kept.wait_for("output")
    assert background.say("stop", kept.name).code == 0
    assert kept.events("process.exited")[-1]["data"] == {"exit_status": None, "signal": "SIGKILL"}
    assert len(kept.events("process.started")) == 1


@pytest.mark.parametrize("word", ["stop", "kill"])
def test_who_waits_for_the_next_start_is_ended_at_once(background: Background, word: str) -> None:
    kept = background.run("--restart", "always", *FAILS)
    # The next wait is four seconds: the end comes long before.
    assert kept.wait_for("process.exited", 3)["restart_after_ms"] == 4000
    keeper = kept.keeper
    assert background.say(word, kept.name).code == 0

    wait_gone(keeper)
    assert len(kept.events("process.started")) == 3
    assert kept.record()["state"] == {"stop": "stopped", "kill": "error"}[word]


def test_on_failure_starts_again_until_it_succeeds(
    background: Background, tmp_path: os.PathLike[str]
) -> None:
    mark = os.path.join(tmp_path, "mark")
    script = f"[ -e {mark} ] && exit 0; touch {mark}; exit 7"
    kept = background.run("--restart", "on-failure", "sh", "-c", script)
    assert kept.wait_for("process.exited", 2) == {"exit_status": 0, "signal": None}
    assert kept.wait_ended()["state"] == "stopped"
    first, second = kept.events("process.exited")
    assert first["data"] == {"exit_status": 7, "signal": None, "restart_after_ms": 1000}
    assert [event["data"]["attempt"] for event in kept.events("process.started")] == [1, 2]
    assert second["data"]["exit_status"] == 0


def test_kill_ends_the_command_and_its_group_and_the_policy(background: Background) -> None:
    script = "trap '' TERM; sleep 1000 & echo $!; wait; sleep 1000"
    kept = background.run("--restart", "always", "sh", "-c", script)
    kept.wait_for("output")
    child = int(kept.events("output")[0]["data"]["text"])
    command = kept.command
    said = background.say("kill", kept.name)

    assert (said.code, said.out) == (0, "sh-1\n")
    assert not runs(command)
    assert not runs(child)
    assert kept.record()["last_error"] == "killed by SIGKILL"
    again = background.say("kill", kept.name)
    assert (again.code, "does not run: it is error" in again.err) == (6, True)


@pytest.mark.parametrize("name", ["USR1", "SIGUSR1", "usr1", str(int(signal.SIGUSR1))])
def test_another_signal_is_sent_and_nothing_else(background: Background, name: str) -> None:
    kept = background.run(sys.executable, "-c", HEARS)
    kept.wait_for("output")
    assert background.say("kill", "-s", name, kept.name).code == 0
    kept.wait_for("output", 2)
    assert runs(kept.command)


def test_what_ends_by_another_signal_is_started_again(background: Background) -> None:
    kept = background.run("--restart", "on-failure", *SLEEPS)
    assert background.say("kill", "-s", "TERM", kept.name).code == 0
    assert kept.wait_for("process.exited")["signal"] == "SIGTERM"
    assert kept.wait_for("process.started", 2)["attempt"] == 2


def test_a_signal_for_nobody_is_refused(background: Background) -> None:
    kept = background.run("--restart", "always", *FAILS)
    kept.wait_for("process.exited", 3)
    said = background.say("kill", "-s", "USR1", kept.name)
    assert said.code == 6
    assert "it waits for its next start" in said.err


@pytest.mark.parametrize("name", ["", "NOTHING", "0", "99", "-9", "SIG"])
def test_what_is_no_signal_is_refused(background: Background, name: str) -> None:
    said = (
        background.say("kill", f"-s{name}", "x") if name else background.say("kill", "-s", "", "x")
    )
    assert said.code == 2
    assert "is no signal" in said.err


def test_restart_is_at_once_whatever_the_policy(background: Background) -> None:
    kept = background.run(*POLITE)
    kept.wait_for("output")
    runner = kept.runner
    said = background.say("restart", kept.name)

    assert (said.code, said.out, said.err) == (0, "sh-1\n", "")
    told = kept.events("process.started", "process.exited")
    assert [event["type"] for event in told] == [
        "process.started", "process.exited", "process.started",
    ]  # fmt: skip
    assert told[-1]["data"]["attempt"] == 2
    assert kept.runner == runner
    assert len(workers(background.daemon)) == 1


def test_restart_of_who_waits_does_not_wait(background: Background) -> None:
    kept = background.run("--restart", "always", *FAILS)
    kept.wait_for("process.exited", 3)
    assert background.say("restart", kept.name).code == 0
    assert kept.events("process.started")[-1]["data"]["attempt"] == 4


def test_restart_of_an_ended_one_makes_another_like_it(background: Background) -> None:
    kept = background.run(
        "--name", "api", "--cwd", "/", "--env", "A=1", "--env", "B", "--restart", "on-failure",
        "sh", "-c", 'echo "$A $B $(pwd)"', B="2",
    )  # fmt: skip
    kept.wait_for("process.exited")
    kept.wait_ended()

    refused = background.say("restart", "api")
    assert refused.code == 1
    assert "B was passed to it by name only and is not set here" in refused.err
    assert len(workers(background.daemon)) == 1

    assert background.say("restart", "api", B="3").out == "api\n"
    again = Kept(background.daemon, "api")
    again.wait_for("output")
    assert again.worker_id != kept.worker_id
    assert again.events("output")[0]["data"]["text"] == "1 3 /"
    started = again.events("process.started")[0]["data"]
    assert started["restarted_from"] == kept.worker_id
    assert (started["restart"], started["env"]) == ("on-failure", ["A", "B"])
    assert (again.record()["env"], again.record()["cwd"]) == ({"A": "1"}, "/")


def test_what_was_not_kept_cannot_be_run_again(background: Background) -> None:
    kept = background.run("sh", "-c", "true", "\udcff")
    kept.wait_ended()
    said = background.say("restart", kept.name)
    assert (said.code, "not UTF-8" in said.err) == (1, True)


def test_nothing_is_done_where_a_name_means_nobody(background: Background) -> None:
    one = background.run("--name", "one", *SLEEPS)
    said = background.say("stop", "one", "nobody")
    assert (said.code, said.out) == (3, "")
    assert one.record()["state"] == "running"


def test_all_are_tried_and_the_first_failure_is_the_status(background: Background) -> None:
    one, two = background.run("--name", "one", *SLEEPS), background.run("--name", "two", *SLEEPS)
    assert background.say("stop", "one").code == 0
    said = background.say("kill", "one", "two")
    assert (said.code, said.out) == (6, "two\n")
    assert said.err.count("penholder kill: ") == 1
    assert one.record()["state"] == "stopped"
    assert two.record()["state"] in ("stopped", "error")


def test_a_stranger_that_goes_on_is_told_of(background: Background, stranger: Puppet) -> None:
    said = background.say("stop", "other")
    assert said.code == 1
    assert f"its process {stranger.process.pid} goes on; penholder kill w ends it" in said.err
    assert background.say("kill", "other").code == 0
    assert stranger.process.wait(10) == -signal.SIGTERM


@pytest.mark.usefixtures("stranger")
def test_a_stranger_gets_no_signal_and_no_other_start(background: Background) -> None:
    signaled = background.say("kill", "-s", "HUP", "other")
    assert (signaled.code, "has no runner" in signaled.err) == (1, True)
    restarted = background.say("restart", "other")
    assert (restarted.code, "has no runner" in restarted.err) == (6, True)


def test_without_a_daemon_there_is_a_hint(daemon: DaemonProcess, background: Background) -> None:
    daemon.kill()
    for word in ("stop", "kill", "restart"):
        said = background.say(word, "x")
        assert (said.code, "penholder up" in said.err) == (12, True)
    daemon.start()


def test_a_command_in_the_foreground_is_reached_too(background: Background) -> None:
    running = Running(background.daemon, "run", "--name", "here", *POLITE)
    assert running.line() == "ready"
    assert background.say("restart", "here").code == 0
    assert (running.line(), running.line()) == ("bye", "ready")
    assert background.say("stop", "here").code == 0
    assert running.end().code == 0
