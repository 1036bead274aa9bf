"""`penholder run --pty`: the command's own terminal, and ours meanwhile."""

import os
import signal
import sys

import pytest

from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.programs import Start, penholder, runs, wait_gone
from tests.helpers.ptys import LOOK, InTerminal, StartInTerminal, is_in_front
from tests.helpers.waiting import until

RUN = "run --controller c --label l --worker-id w --pty --"


class Seen:
    """The worker `w`, as the daemon knows it."""

    def __init__(self, daemon: DaemonProcess) -> None:
        """Ask this one."""
        self._daemon = daemon

    def events(self) -> list[dict[str, object]]:
        """Return its events."""
        with self._daemon.connect() as control:
            return list(control.call("event.list", worker_id="w", limit=1000)["items"])

    def types(self) -> list[object]:
        """Return the types of what is no output."""
        return [event["type"] for event in self.events() if event["type"] != "output"]


@pytest.fixture
def seen(daemon: DaemonProcess) -> Seen:
    """Give the worker."""
    return Seen(daemon)


@pytest.fixture
def in_shell(in_terminal: StartInTerminal, run_pty: StartInTerminal) -> InTerminal:
    """Give a shell that controls its jobs, in a terminal."""
    shell = in_terminal("--norc", "--noprofile", "-i", program="bash")
    shell.type("PS1='rea''dy> '\r")
    shell.wait_for("ready> ")
    return shell


def test_the_command_has_a_terminal_of_its_own(run_pty: StartInTerminal) -> None:
    script = """
import os, termios
print("ttys", *map(os.isatty, range(3)), os.ttyname(0) == os.ttyname(2) != %r)
print("leads", os.getsid(0) == os.getpid() == os.tcgetpgrp(0))
print("size", *termios.tcgetwinsize(0), "LINES" in os.environ, os.environ["TERM"] != "")
print("own", os.open("/dev/tty", os.O_RDWR) > 2)
"""
    running = run_pty(sys.executable, "-c", script % "none", size=(33, 111))

    running.wait_for("ttys True True True True")
    running.wait_for("leads True")
    running.wait_for("size 33 111 False True")
    running.wait_for("own True")
    assert running.end() == 0


def test_its_size_follows_ours(run_pty: StartInTerminal) -> None:
    running = run_pty(sys.executable, "-c", LOOK, size=(30, 90))
    running.wait_for("size 30 90")

    running.resize(50, 132)

    running.wait_for("size 50 132")


def test_ctrl_c_reaches_the_command_as_a_signal(run_pty: StartInTerminal, seen: Seen) -> None:
    script = "trap 'echo caught; exit 3' INT; echo ready; while :; do sleep 60 & wait; done"
    running = run_pty("sh", "-c", script)
    running.wait_for("ready")
    assert running.is_raw

    running.type("\x03")

    running.wait_for("caught")
    assert running.end() == 3
    assert running.modes == running.modes_before
    assert seen.events()[-1]["data"] == {"exit_status": 3, "signal": None}


@pytest.mark.parametrize(
    ("script", "code"),
    [("exit 7", 7), ("kill -TERM $$", 128 + signal.SIGTERM), ("exit 0", 0)],
)
def test_its_exit_is_ours(run_pty: StartInTerminal, script: str, code: int) -> None:
    running = run_pty("sh", "-c", script)

    assert running.end() == code
    assert running.modes == running.modes_before


@pytest.mark.parametrize(("argv", "code"), [(("no-such-program",), 127), (("/",), 126)])
def test_what_cannot_be_started_leaves_our_terminal_alone(
    run_pty: StartInTerminal, argv: tuple[str, ...], code: int
) -> None:
    running = run_pty(*argv)

    assert running.end() == code
    assert running.modes == running.modes_before
    assert b"cannot run" in running.seen


def test_keys_come_one_by_one_and_mean_nothing_here(run_pty: StartInTerminal) -> None:
    script = "stty raw -echo; echo ready; head -c 5 | od -An -c; exit 4"
    running = run_pty("sh", "-c", script)
    running.wait_for("ready")

    running.type(b"\x10\x11\x1a\x1c\x13")

    running.wait_for(r"020 021 032 034 023")
    assert running.end() == 4


def test_a_shell_in_it_controls_its_jobs(run_pty: StartInTerminal) -> None:
    running = run_pty("bash", "--norc", "--noprofile", "-i")
    running.type("PS1='rea''dy> '\r")
    running.wait_for("ready> ")
    running.type("cat\r")
    running.wait_for("cat\r\n")
    # Its program is there when the shell has given it the terminal.
    until(lambda: is_in_front(running, "cat"))
    running.type("hello\r")
    running.wait_for("hello\r\nhello\r\n")

    running.type("\x1a")
    running.wait_for("Stopped.*ready> ")
    running.type("fg\r")
    until(lambda: is_in_front(running, "cat"))
    running.type("again\r")
    running.wait_for("again\r\nagain\r\n")
    running.type("\x04")
    running.wait_for("ready> ")
    running.type("exit 5\r")

    assert running.end() == 5


def test_ending_it_by_a_signal_gives_our_terminal_back(run_pty: StartInTerminal) -> None:
    running = run_pty(sys.executable, "-c", LOOK)
    running.wait_for("size")
    assert running.is_raw

    running.signal(signal.SIGTERM)

    assert running.end() == 128 + signal.SIGTERM
    assert running.modes == running.modes_before


def test_stopped_it_gives_our_terminal_back_and_takes_it_again(
    in_shell: InTerminal, daemon: DaemonProcess
) -> None:
    in_shell.type(f"penholder {RUN} {sys.executable} -c '{LOOK}'\r")
    in_shell.wait_for("size 24 80")
    with daemon.connect() as control:
        pid = control.call("worker.get", worker_id="w")["runtime_pid"]

    os.kill(pid, signal.SIGTSTP)
    in_shell.wait_for("Stopped.*ready> ")
    in_shell.type("echo in=$(stty -a | grep -oE '.icanon')\r")
    in_shell.wait_for("in= icanon.*ready> ")
    in_shell.resize(40, 100)
    in_shell.type("fg\r")

    in_shell.wait_for("size 40 100")
    in_shell.type("on\r")
    in_shell.wait_for("got on")
    in_shell.type("\x04")
    in_shell.wait_for("ready> ")


def test_where_no_shell_can_stop_it_the_terminal_is_not_lost(run_pty: StartInTerminal) -> None:
    script = "trap 'echo continued' CONT; echo ready; while :; do read line; echo got $line; done"
    running = run_pty("bash", "-c", script)
    running.wait_for("ready")

    # Who leads a session has nobody who would continue it: the kernel does not stop it.
    running.signal(signal.SIGTSTP)
    running.wait_for("continued")

    until(lambda: running.is_raw)
    running.type("on\r")
    running.wait_for("got on")


def test_in_the_background_it_leaves_our_terminal_alone(in_shell: InTerminal) -> None:
    in_shell.type(f"penholder {RUN} {sys.executable} -c '{LOOK}' &\r")
    in_shell.wait_for("size 24 80")
    in_shell.type("echo here=$(stty -a | grep -oE '.icanon')\r")
    in_shell.wait_for("here= icanon.*ready> ")

    in_shell.type("fg; echo ended\r")
    in_shell.wait_for("fg; echo ended\r\n.*penholder run")
    in_shell.type("mine\r")
    in_shell.wait_for("got mine")
    in_shell.type("\x04")

    in_shell.wait_for("ended.*ready> ")


def test_its_output_becomes_events_to_the_byte(start: Start, daemon: DaemonProcess) -> None:
    script = "for number in range(20000): print('line', number)"
    worker = start(sys.executable, "-c", script, flags=("--pty", "--quiet"))

    assert worker.end().code == 0

    lines = [output for output in worker.outputs() if not output.get("partial")]
    text = "".join(
        output["text"] + ("" if output.get("newline") is False else "\n")
        for output in worker.outputs()
    )
    assert text == "".join(f"line {number}\n" for number in range(20_000))
    assert all(output.get("crlf") for output in lines if output.get("newline", True))


def test_a_screen_that_is_drawn_again_and_again_is_bounded(start: Start) -> None:
    script = "import os\nfor _ in range(3000): os.write(1, b'\\x1b[H' + b'=' * 1000)"
    worker = start(sys.executable, "-c", script, flags=("--pty", "--quiet"))

    assert worker.end().code == 0

    outputs = worker.outputs()
    assert sum(len(output["text"]) for output in outputs) == 3000 * 1003
    assert max(len(output["text"]) for output in outputs) <= 64 << 10
    assert len(outputs) < 300


def test_without_a_terminal_nothing_is_read_here(start: Start, daemon: DaemonProcess) -> None:
    worker = start(sys.executable, "-c", LOOK, flags=("--pty",))
    worker.wait_for("size 24 80")
    worker.running.say("not this")
    assert worker.running.process.stdin is not None
    worker.running.process.stdin.close()
    worker.running.process.stdin = None

    assert penholder(daemon, "send", "w", "but this").code == 0

    worker.wait_for("got but this")
    assert "not this" not in "".join(worker.texts())
    worker.running.signal(signal.SIGTERM)


def test_a_shell_that_ignores_sigterm_is_hung_up(run_pty: StartInTerminal) -> None:
    running = run_pty("bash", "--norc", "-i", flags=("--kill-after-s", "3600"))
    running.type("echo re''ady\r")
    running.wait_for("ready")

    running.signal(signal.SIGTERM)

    assert running.end() == 128 + signal.SIGHUP


def test_what_a_shell_leaves_in_its_session_is_ended(run_pty: StartInTerminal) -> None:
    running = run_pty("bash", "--norc", "-i", flags=("--kill-after-s", "0.2"))
    running.type("nohup sleep 3600 >/dev/null 2>&1 & echo pid=$!,\r")
    pid = int(running.wait_for(r"pid=(\d+),").group(1))
    running.type("exit\r")

    assert running.end() == 0
    assert not runs(pid)


def test_if_it_is_killed_its_guard_ends_the_whole_session(run_pty: StartInTerminal) -> None:
    running = run_pty("bash", "--norc", "-i", flags=("--kill-after-s", "0.2"))
    running.type("nohup sleep 3600 >/dev/null 2>&1 & echo pid=$!,\r")
    pid = int(running.wait_for(r"pid=(\d+),").group(1))

    running.signal(signal.SIGKILL)

    wait_gone(pid)


def test_a_command_that_closes_its_streams_goes_on(start: Start) -> None:
    script = """
import os, sys
for fd in range(3): os.close(fd)
tty = os.open("/dev/tty", os.O_RDWR)
os.write(tty, b"still here\\n")
sys.exit(6)
"""
    worker = start(sys.executable, "-c", script, flags=("--pty",))

    assert worker.end().code == 6
    assert "still here" in worker.texts()


def test_who_types_to_a_command_without_a_terminal_is_told(in_terminal: StartInTerminal) -> None:
    running = in_terminal("run", "--name", "reads", "--", "cat")
    running.wait_for(r"worker reads \(\w+\); it gets no keys: --pty for a terminal")
    assert running.end() == 0


def test_who_has_a_terminal_for_it_is_not(in_terminal: StartInTerminal) -> None:
    running = in_terminal("run", "--pty", "--name", "says", "--", "echo", "hello")
    running.wait_for(r"worker says \(\w+\)\r\n")
    assert running.end() == 0
