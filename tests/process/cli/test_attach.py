"""`penholder attach`: a worker's terminal in others, beside owners, and when things end."""

import os
import signal
import time
from datetime import datetime
from pathlib import Path

from tests.helpers.daemon_process import DaemonProcess, RawConnection
from tests.helpers.programs import PENHOLDER, Start, StartProgram, environment, penholder
from tests.helpers.ptys import InTerminal, StartInTerminal, entries
from tests.helpers.waiting import until


def own(control: RawConnection, **params: object) -> dict[str, object]:
    """Own the controller `c`, as somebody else would."""
    return dict(control.call("controller.acquire", controller_id="c", pid=4711, **params))


def test_what_is_typed_here_is_seen_there_and_back(
    running: InTerminal, in_terminal: StartInTerminal, daemon: DaemonProcess
) -> None:
    attached = in_terminal("attach", "l", size=(50, 150))
    attached.wait_for("attached to l")
    attached.wait_for("size 50 150")
    attached.type("from afar\r")
    attached.wait_for("got from afar")
    running.wait_for("got from afar")
    running.type("from here\r")
    attached.wait_for("got from here")
    assert attached.is_raw

    attached.type("\x10\x11")

    assert attached.end() == 0
    assert b"detached from l, which goes on" in attached.seen
    assert attached.modes == attached.modes_before
    peer = {"uid": os.getuid(), "pid": attached.process.pid, "view": False}
    until(lambda: len(entries(daemon)) == 2)
    assert entries(daemon) == [("attached", peer), ("detached", peer)]
    running.type("on\r")
    running.wait_for("got on")


def test_the_smallest_terminal_wins(running: InTerminal, in_terminal: StartInTerminal) -> None:
    one = in_terminal("attach", "w", size=(30, 200))
    running.wait_for("size 30 150")
    two = in_terminal("attach", "w", size=(60, 90))
    running.wait_for("size 30 90")
    one.resize(20, 70)
    running.wait_for("size 20 70")

    one.type("\x10\x11")
    assert one.end() == 0
    running.wait_for("size 50 90")
    two.signal(signal.SIGTERM)

    assert two.end() == 128 + signal.SIGTERM
    assert two.modes == two.modes_before
    running.wait_for("size 50 150")


def test_ctrl_c_there_is_a_signal_here(
    run_pty: StartInTerminal, in_terminal: StartInTerminal
) -> None:
    script = "trap 'exit 3' INT; echo ready; while :; do sleep 60 & wait; done"
    run_pty("sh", "-c", script).wait_for("ready")
    attached = in_terminal("attach", "w")
    attached.wait_for("ready")

    attached.type("\x03")

    assert attached.end() == 3, "attach exits with the command's status"
    assert b"l ended with status 3" in attached.seen
    assert attached.modes == attached.modes_before


def test_the_end_by_a_signal_is_told_as_a_shell_does(
    run_pty: StartInTerminal, in_terminal: StartInTerminal
) -> None:
    run_pty("sh", "-c", "echo ready; read x; kill -KILL $$").wait_for("ready")
    attached = in_terminal("attach", "w")
    attached.wait_for("ready")

    attached.type("\r")

    assert attached.end() == 128 + signal.SIGKILL
    assert b"l ended by SIGKILL" in attached.seen


def test_a_lone_ctrl_p_gets_through(run_pty: StartInTerminal, in_terminal: StartInTerminal) -> None:
    script = "stty raw -echo; echo ready; head -c 4 | od -An -c"
    run_pty("sh", "-c", script).wait_for("ready")
    attached = in_terminal("attach", "w")
    attached.wait_for("ready")

    attached.type("\x10x")
    attached.type("\x11")
    attached.type("\x10")

    attached.wait_for("020   x 021 020")
    assert attached.end() == 0


def test_viewing_sends_nothing(
    running: InTerminal, in_terminal: StartInTerminal, daemon: DaemonProcess
) -> None:
    viewer = in_terminal("attach", "w", "--view", size=(5, 5))
    viewer.wait_for("attached to l.*Ctrl-C detaches")
    viewer.wait_for("size 50 150")
    viewer.type("rm -rf /\r")
    running.type("typed\r")
    viewer.wait_for("got typed")

    viewer.type("\x03")

    assert viewer.end() == 0
    assert viewer.modes == viewer.modes_before
    assert b"rm" not in running.seen
    assert b"size 5 5" not in running.seen
    # That it has gone the runner tells after it has.
    until(lambda: [data["view"] for _, data in entries(daemon)] == [True, True])


def test_who_has_ended_is_refused(running: InTerminal, daemon: DaemonProcess) -> None:
    running.type("last\r\x04")
    running.wait_for("got last")
    assert running.end() == 0

    refused = penholder(daemon, "attach", "w")
    assert refused.code == 6
    assert "has ended" in refused.err
    assert "penholder logs w" in refused.err


def test_in_a_pipe_it_shows_and_says_so(
    run_pty: StartInTerminal, start_program: StartProgram
) -> None:
    command = run_pty("sh", "-c", "echo ready; read x; exit 4")
    command.wait_for("ready")
    attached = start_program("attach", "w")

    assert attached.line() == "ready\r"
    command.type("\r")

    ended = attached.end()
    assert ended.code == 4
    assert "stdin is no terminal" in ended.err
    assert "view only" in ended.err


def test_beside_an_owner_it_is_a_view_unless_it_takes_over(
    running: InTerminal, in_terminal: StartInTerminal, daemon: DaemonProcess
) -> None:
    with daemon.connect() as control:
        owner = own(control)
    viewer = in_terminal("attach", "w")
    viewer.wait_for("view only: controller c is owned by process 4711")
    viewer.wait_for("--take-over")
    viewer.wait_for("size")
    viewer.type("not heard\r")
    viewer.type("\x10\x11")
    assert viewer.end() == 0

    taker = in_terminal("attach", "w", "--takeover")
    taker.wait_for("size")
    taker.type("heard\r")
    running.wait_for("got heard")
    taker.type("\x10\x11")
    assert taker.end() == 0

    assert b"not heard" not in running.seen
    with daemon.connect() as control:
        status = control.call("controller.status", controller_id="c")
        assert status["active_owner"] is None, "what was taken over is released"
        proof = {"epoch": owner["epoch"], "token": owner["token"]}
        assert control.call("controller.validate", controller_id="c", **proof) == {"valid": False}


def test_who_proves_to_be_the_owner_may_type(
    running: InTerminal, in_terminal: StartInTerminal, daemon: DaemonProcess
) -> None:
    with daemon.connect() as control:
        owner = own(control)
    attached = in_terminal("attach", "w", "--fence", f"{owner['epoch']}:{owner['token']}")
    attached.wait_for("size")

    attached.type("mine\r")

    running.wait_for("got mine")


def test_an_earlier_owners_proof_is_none(
    running: InTerminal, in_terminal: StartInTerminal, daemon: DaemonProcess
) -> None:
    with daemon.connect() as control:
        earlier = own(control)
        own(control, takeover=True)
    fence = f"{earlier['epoch']}:{earlier['token']}"
    viewer = in_terminal("attach", "w", "--fence", fence)
    viewer.wait_for("view only: .*earlier owner's.*size")

    viewer.type("not heard\r\x10\x11")

    assert viewer.end() == 0
    running.type("on\r")
    running.wait_for("got on")
    assert b"not heard" not in running.seen
    sent = penholder(daemon, "send", "w", "not heard", "--fence", fence)
    assert sent.code == 5


def test_an_owner_whose_lease_ran_out_is_in_nobodys_way(
    running: InTerminal, in_terminal: StartInTerminal, daemon: DaemonProcess
) -> None:
    with daemon.connect() as control:
        until(lambda: time.time() > _owned_until(control))
    attached = in_terminal("attach", "w")
    attached.wait_for("size")

    attached.type("mine\r")

    running.wait_for("got mine")


def _owned_until(control: RawConnection) -> float:
    status = control.call("controller.status", controller_id="c")
    owner = status["active_owner"] or own(control, lease_ms=1)
    return datetime.fromisoformat(str(owner["lease_expires_at"])).timestamp()


def test_a_command_without_a_terminal_is_refused_with_the_way_on(
    start: Start, daemon: DaemonProcess
) -> None:
    start("sh", "-c", "echo ready; read x").wait_for("ready")

    refused = penholder(daemon, "attach", "w")

    assert refused.code == 6
    assert "it was not started with penholder run --pty" in refused.err
    assert "penholder logs -f w" in refused.err


def test_a_worker_that_no_runner_made_is_refused(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        control.call("controller.register", controller_id="c", label="c", workspace_key="/w")
        control.call("worker.create", worker_id="w", controller_id="c", label="l", launcher="x",
                     profile="p", cwd="/")  # fmt: skip

    refused = penholder(daemon, "attach", "w")

    assert refused.code == 6
    assert "penholder run" in refused.err


def test_when_the_runner_is_killed_the_terminal_is_given_back(
    running: InTerminal, in_terminal: StartInTerminal
) -> None:
    attached = in_terminal("attach", "w")
    attached.wait_for("size")

    running.signal(signal.SIGKILL)

    assert attached.end() == 125
    assert attached.modes == attached.modes_before
    assert b"was lost" in attached.seen


def test_an_editors_screen_is_left_as_a_shell_needs_it(
    run_pty: StartInTerminal, in_terminal: StartInTerminal
) -> None:
    script = r"printf '\033[?1049h\033[?25ledit'; read x"
    run_pty("sh", "-c", script).wait_for("edit")
    attached = in_terminal("attach", "w")
    attached.wait_for("edit")

    attached.type("\x10\x11")

    assert attached.end() == 0
    assert b"\x1b[?1049l\x1b[?25h" in attached.seen.partition(b"edit")[2]


def test_the_last_64_kib_come_first(run_pty: StartInTerminal, in_terminal: StartInTerminal) -> None:
    command = run_pty("sh", "-c", "seq 1 50000; read x")
    command.wait_for("50000\r\n")

    attached = in_terminal("attach", "w")
    attached.wait_for("50000\r\n")

    shown = attached.seen.partition(b"detaches\r\n")[2]
    assert 60 << 10 < len(shown) <= 64 << 10
    assert b"\n1\r\n" not in shown


def test_stopped_it_gives_the_terminal_back(
    running: InTerminal, in_terminal: StartInTerminal
) -> None:
    shell = in_terminal("--norc", "--noprofile", "-i", program="bash", size=(40, 140))
    shell.type("PS1='rea''dy> '\r")
    shell.wait_for("ready> ")
    shell.type("penholder attach w\r")
    running.wait_for("size 40 140")
    pid = _child(shell.process.pid)

    os.kill(pid, signal.SIGTSTP)
    shell.wait_for("Stopped.*ready> ")
    shell.type("echo in=$(stty -a | grep -oE '.icanon')\r")
    shell.wait_for("in= icanon.*ready> ")
    shell.resize(35, 135)
    shell.type("fg\r")

    running.wait_for("size 35 135")
    shell.type("back\r")
    running.wait_for("got back")
    shell.type("\x10\x11")
    shell.wait_for("goes on.*ready> ")


def _child(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


def test_there_is_nobody_of_that_name(daemon: DaemonProcess) -> None:
    refused = penholder(daemon, "attach", "nobody")

    assert refused.code == 3
    assert "penholder ps -a" in refused.err


def test_a_terminal_that_controls_nobody_will_do(
    running: InTerminal, daemon: DaemonProcess
) -> None:
    words = [PENHOLDER, "attach", "w"]
    attached = InTerminal(words, environment(daemon), is_controlling=False)
    try:
        attached.wait_for("size")
        attached.type("from there\r")
        running.wait_for("got from there")
        attached.type("\x10\x11")
        assert attached.end() == 0
        assert attached.modes == attached.modes_before
    finally:
        attached.clean_up()


def test_a_terminal_does_not_show_itself(run_pty: StartInTerminal, daemon: DaemonProcess) -> None:
    command = run_pty("penholder", "attach", "w")

    assert command.end() == 6
    assert b"attach from another one" in command.seen
