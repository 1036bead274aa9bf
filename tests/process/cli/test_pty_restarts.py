"""Commands with a terminal in the background, started again, and ended by their names."""

import os
import signal

from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.programs import penholder
from tests.helpers.ptys import InTerminal, StartInTerminal
from tests.helpers.waiting import until

ASKING = "stty size; echo ready $$; read x; echo got $x; exit 3"


def background(daemon: DaemonProcess, *flags: str) -> None:
    """Start a command that reads a line and ends, in the background: worker `w`, called `asks`."""
    words = ("run", "-d", "--pty", "--name", "asks", "--worker-id", "w", *flags)
    done = penholder(daemon, *words, "--", "sh", "-c", ASKING)
    assert done.out == "asks\n", done.err


def types(daemon: DaemonProcess) -> list[str]:
    """Return the types of the worker's events, without its output."""
    with daemon.connect() as control:
        events = control.call("event.list", worker_id="w", limit=1000)["items"]
    return [event["type"] for event in events if event["type"] != "output"]


def test_in_the_background_it_can_be_attached_to_and_typed_into(
    daemon: DaemonProcess, in_terminal: StartInTerminal
) -> None:
    background(daemon)
    attached = in_terminal("attach", "asks", size=(31, 91))
    attached.wait_for("24 80.*ready")

    assert penholder(daemon, "send", "asks", "hello").code == 0

    attached.wait_for("got hello")
    assert attached.end() == 3


def test_who_is_attached_stays_over_a_restart(
    daemon: DaemonProcess, in_terminal: StartInTerminal
) -> None:
    background(daemon, "--restart", "always")
    attached = in_terminal("attach", "asks", size=(31, 91))
    attached.wait_for(r"ready \d+")
    attached.type("one\r")
    attached.wait_for("got one")

    attached.wait_for(r"31 91\r\nready \d+")
    attached.type("two\r")
    attached.wait_for("got two")
    attached.wait_for("ready")
    assert penholder(daemon, "stop", "asks").code == 0

    assert attached.end() == 128 + signal.SIGTERM
    assert types(daemon).count("attached") == types(daemon).count("detached") == 1
    assert types(daemon)[-1] == "process.exited"


def test_a_restart_by_name_keeps_the_terminal(
    daemon: DaemonProcess, in_terminal: StartInTerminal
) -> None:
    background(daemon)
    attached = in_terminal("attach", "asks")
    first = attached.wait_for(r"ready (\d+)").group(1)

    assert penholder(daemon, "restart", "asks").code == 0

    second = attached.wait_for(r"ready (\d+)").group(1)
    assert first != second
    attached.type("x\r")
    assert attached.end() == 3


def test_one_that_has_ended_is_made_again_with_a_terminal(
    daemon: DaemonProcess, in_terminal: StartInTerminal
) -> None:
    background(daemon)
    assert penholder(daemon, "send", "asks", "x").code == 0
    until(lambda: penholder(daemon, "attach", "w").code == 6)

    assert penholder(daemon, "restart", "asks").code == 0

    attached = in_terminal("attach", "asks")
    attached.wait_for("ready")


def test_while_it_waits_for_its_next_start_nothing_is_typed(
    daemon: DaemonProcess, in_terminal: StartInTerminal
) -> None:
    words = ("run", "-d", "--pty", "--name", "asks", "--worker-id", "w", "--restart", "always")
    assert penholder(daemon, *words, "--", "sh", "-c", "echo gone").code == 0
    until(lambda: "process.exited" in types(daemon))

    until(lambda: "waits for its next start" in penholder(daemon, "send", "asks", "x").err)
    in_terminal("attach", "asks").wait_for("gone.*gone")
    assert penholder(daemon, "stop", "asks").code == 0


def test_keys_mean_what_they_mean_when_the_command_is_gone(
    run_pty: StartInTerminal, daemon: DaemonProcess
) -> None:
    running: InTerminal = run_pty("sh", "-c", "echo ready; read x; exit 5")
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
    assert os.path.exists(daemon.control_socket)
