"""Commands with a terminal in the background, started again, and ended by their names."""

import os
import signal

from tests.helpers.background import Background, Kept
from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.programs import penholder
from tests.helpers.ptys import StartInTerminal
from tests.helpers.waiting import until

ASKING = "stty size; echo ready $$; read x; echo got $x; exit 3"


def asks(background: Background, *flags: str) -> Kept:
    """Start a command that reads a line and ends, called `asks`."""
    return background.run("--pty", "--name", "asks", *flags, "--", "sh", "-c", ASKING)


def test_in_the_background_it_can_be_attached_to_and_typed_into(
    background: Background, in_terminal: StartInTerminal
) -> None:
    asks(background)
    attached = in_terminal("attach", "asks", size=(31, 91))
    attached.wait_for("24 80.*ready")

    assert background.say("send", "asks", "hello").code == 0

    attached.wait_for("got hello")
    assert attached.end() == 3


def test_who_is_attached_stays_over_a_restart(
    background: Background, in_terminal: StartInTerminal
) -> None:
    kept = asks(background, "--restart", "always")
    attached = in_terminal("attach", "asks", size=(31, 91))
    attached.wait_for(r"ready \d+")
    attached.type("one\r")
    attached.wait_for("got one")

    attached.wait_for(r"31 91\r\nready \d+")
    attached.type("two\r")
    attached.wait_for("got two")
    attached.wait_for("ready")
    assert background.say("stop", "asks").code == 0

    assert attached.end() == 128 + signal.SIGTERM
    assert len(kept.events("attached")) == len(kept.events("detached")) == 1
    assert kept.types()[-1] == "process.exited"


def test_a_restart_by_name_keeps_the_terminal(
    background: Background, in_terminal: StartInTerminal
) -> None:
    asks(background)
    attached = in_terminal("attach", "asks")
    first = attached.wait_for(r"ready (\d+)").group(1)

    assert background.say("restart", "asks").code == 0

    second = attached.wait_for(r"ready (\d+)").group(1)
    assert first != second
    attached.type("x\r")
    assert attached.end() == 3


def test_one_that_has_ended_is_made_again_with_a_terminal(
    background: Background, in_terminal: StartInTerminal
) -> None:
    kept = asks(background)
    assert background.say("send", "asks", "x").code == 0
    kept.wait_ended()

    assert background.say("restart", "asks").code == 0

    in_terminal("attach", "asks").wait_for("ready")


def test_when_its_runner_is_killed_the_next_one_can_be_attached_to(
    background: Background, in_terminal: StartInTerminal
) -> None:
    kept = asks(background, "--restart", "always")
    kept.wait_for("process.started")
    os.kill(kept.runner, signal.SIGKILL)
    kept.wait_for("process.started", 2)

    attached = in_terminal("attach", "asks")
    attached.wait_for("ready")
    attached.type("x\r")
    attached.wait_for("got x")


def test_while_it_waits_for_its_next_start_nothing_is_typed(
    background: Background, in_terminal: StartInTerminal
) -> None:
    words = ("--pty", "--name", "ends", "--restart", "always", "--", "sh", "-c", "echo gone")
    background.run(*words).wait_for("process.exited")

    until(lambda: "waits for its next start" in background.say("send", "ends", "x").err)
    in_terminal("attach", "ends").wait_for("gone.*gone")
    assert background.say("stop", "ends").code == 0


def test_keys_mean_what_they_mean_when_the_command_is_gone(
    run_pty: StartInTerminal, daemon: DaemonProcess
) -> None:
    running = run_pty("sh", "-c", "echo ready; read x; exit 5")
    running.wait_for("ready")
    daemon.kill()
    running.type("\r")
    until(lambda: not running.is_raw)

    running.type("\x03")
    running.type("\x03")

    assert running.end() == 5
    assert running.modes == running.modes_before
    assert b"was not delivered" in running.seen
    daemon.start()


def test_with_keep_there_is_no_terminal(daemon: DaemonProcess) -> None:
    refused = penholder(daemon, "run", "--pty", "--keep", "--", "true")

    assert refused.code == 2
    assert "--pty or --keep, not both" in refused.err
