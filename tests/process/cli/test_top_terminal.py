"""`penholder top` in a real terminal, of a real daemon and a real command."""

import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.helpers import tmux
from tests.helpers.daemon_process import DaemonProcess, make_worker
from tests.helpers.programs import PENHOLDER, Start, environment, penholder
from tests.helpers.tmux import Terminal
from tests.helpers.waiting import until

pytestmark = pytest.mark.skipif(
    not tmux.IS_THERE, reason="tmux, in which a terminal is seen, is not installed"
)
Open = Callable[..., Terminal]
COLOUR = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])[;m]")


@pytest.fixture
def open_terminal(daemon: DaemonProcess, short_dir: Path) -> Iterator[Open]:
    """Give a function that opens a terminal in which the daemon is found."""
    opened: list[Terminal] = []

    def begin(**more: str) -> Terminal:
        opened.append(Terminal(short_dir, environment(daemon, **more)))
        return opened[-1]

    yield begin
    for terminal in opened:
        terminal.end()


def test_a_run_from_the_first_line_to_the_last(
    daemon: DaemonProcess, open_terminal: Open, start: Start
) -> None:
    terminal = open_terminal(COLUMNS="80", LINES="24")
    # Its own words are on the screen, too: what it prints is not among them.
    script = "print('first', 'line'); input(); print('after', 'a', 'kill')"
    worker = start(sys.executable, "-uc", script)
    worker.wait_for("first line")
    terminal.run(PENHOLDER, "top")
    screen = terminal.until(lambda seen: seen.count("first line") == 2)
    assert terminal.fact("alternate_on") == "1"
    assert len(screen.splitlines()) == 24
    assert "running" in screen

    terminal.resize(120, 40)
    # Drawn anew from the top: what is drawn last is the line of keys, at the new end.
    wide = terminal.until(lambda seen: "q quit" in "".join(seen.splitlines()[39:]))
    assert max(map(len, wide.splitlines())) == 120

    daemon.kill()
    terminal.until(lambda seen: "stale since" in seen)
    daemon.start()
    worker.running.say("go on")
    again = terminal.until(lambda seen: seen.count("after a kill") == 2)
    assert "stale" not in again
    assert again.count("first line") == 1, "no line twice"

    terminal.type("q")
    left = terminal.until(lambda seen: "q quit" not in seen)
    assert "penholder top" not in left.replace(f"{PENHOLDER} top", "")
    facts = ("alternate_on", "cursor_flag", "mouse_any_flag")
    assert [terminal.fact(each) for each in facts] == ["0", "1", "0"]
    terminal.run("stty", "-a")
    assert " echo " in terminal.until(lambda seen: "icanon" in seen)
    assert worker.end().code == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_who_ends_it_by_a_signal_gets_the_terminal_back(
    open_terminal: Open, number: signal.Signals
) -> None:
    terminal = open_terminal()
    terminal.run(PENHOLDER, "top")
    terminal.until(lambda seen: "q quit" in seen)
    children = Path(f"/proc/{terminal.fact('pane_pid')}/task/{terminal.fact('pane_pid')}/children")
    (pid,) = children.read_text().split()

    os.kill(int(pid), number)

    terminal.until(lambda seen: "q quit" not in seen)
    facts = ("alternate_on", "cursor_flag", "mouse_any_flag")
    assert [terminal.fact(each) for each in facts] == ["0", "1", "0"]
    terminal.run("stty", "-a")
    assert " echo " in terminal.until(lambda seen: "icanon" in seen)


def test_it_ends_by_a_signal_though_its_terminal_takes_nothing_more(open_terminal: Open) -> None:
    terminal = open_terminal()
    stuck = "WriterThread.stop = lambda _: threading.Event().wait()"
    begin = "sys.argv = ['penholder', 'top']; main()"
    program = (
        "import sys, threading; from textual.drivers._writer_thread import WriterThread;"
        f" from penholder.cli.main import main; {stuck}; {begin}"
    )
    terminal.run(sys.executable, "-c", program)
    terminal.until(lambda seen: "q quit" in seen)
    children = Path(f"/proc/{terminal.fact('pane_pid')}/task/{terminal.fact('pane_pid')}/children")
    (pid,) = children.read_text().split()

    os.kill(int(pid), signal.SIGHUP)

    until(lambda: not children.read_text())


def test_a_question_is_answered_with_one_key(
    open_terminal: Open, start: Start, daemon: DaemonProcess
) -> None:
    ask = (
        "import os, subprocess; "
        f"subprocess.run([{PENHOLDER!r}, 'approval', 'request', '--message', 'May I? \\u202e']); "
        "input()"
    )
    terminal = open_terminal()
    worker = start(sys.executable, "-uc", ask)
    terminal.run(PENHOLDER, "top")
    terminal.until(lambda seen: "May I? \\u202e" in seen and "1 Allow  2 Deny" in seen)
    terminal.type("d")
    seen = terminal.until(lambda seen: "penholder deny ap_" in seen and "done" in seen)
    assert "INBOX" in seen
    with daemon.connect() as control:
        (asked,) = control.call("approval.list", state="all")["items"]
    assert asked["decision"] == "deny"
    worker.running.say("end")
    terminal.until(lambda seen: "exit 0" in seen)
    worker.end()


def test_a_worker_is_stopped_after_a_question(open_terminal: Open, start: Start) -> None:
    terminal = open_terminal()
    worker = start("sh", "-c", "echo begun; read x")
    terminal.run(PENHOLDER, "top")
    terminal.until(lambda seen: seen.count("begun") >= 2)
    terminal.type("x")
    terminal.until(lambda seen: "stop this worker?" in seen and "penholder stop l" in seen)
    terminal.type("y")
    terminal.until(lambda seen: "$ penholder stop l" in seen and "signal" in seen)
    assert worker.end().code == 128 + signal.SIGTERM


SSH = """#!/bin/sh
for last; do :; done
case "$*" in *nowhere*) echo "ssh: cannot reach nowhere" >&2; exit 255;; esac
export PENHOLDER_STATE_DIR={state} PENHOLDER_RUNTIME_DIR={run}
exec sh -c "$last"
"""


def test_machines_are_shown_side_by_side_and_steered(
    daemon: DaemonProcess, other: DaemonProcess, open_terminal: Open, tmp_path: Path, start: Start
) -> None:
    program = tmp_path / "ssh"
    program.write_text(SSH.format(state=other.state_dir, run=other.runtime_dir))
    program.chmod(0o700)
    terminal = open_terminal(PATH=f"{tmp_path}:{Path(PENHOLDER).parent}:/usr/bin:/bin")
    worker = start("sh", "-c", "echo near; read x")
    with other.connect() as control:
        make_worker(control, worker_id="far-one", start="starting", label="far-one")
        asked = control.call("approval.request", worker_id="far-one", message="From far?")
    terminal.run(PENHOLDER, "top", "--here", "--at", "ssh://lab", "--at=ssh://nowhere")
    seen = terminal.until(
        lambda seen: "here: c" in seen and "lab: c" in seen and "nowhere stale" in seen
    )
    assert "cannot reach" not in seen, "ssh keeps off the screen"
    terminal.type("a")
    terminal.until(lambda seen: "penholder approve --at ssh://lab" in seen and "done" in seen)
    with other.connect() as control:
        found = control.call("approval.get", request_id=asked["request_id"])
        assert found["decision"] == "allow"
        # By the command itself, which goes by ssh, too.
        terminal.type("x")
        terminal.until(lambda seen: "penholder stop --at ssh://lab far-one" in seen)
        terminal.type("y")
        until(lambda: control.call("worker.get", worker_id="far-one")["state"] == "stopped")
    worker.running.say("end")
    worker.end()


def test_one_machine_twice_and_a_directory_there_are_refused(daemon: DaemonProcess) -> None:
    twice = penholder(daemon, "top", "--at", "ssh://lab", "--at", "ssh://lab")
    assert (twice.code, "the same machine twice" in twice.err) == (2, True)
    there = penholder(daemon, "top", "--at", "ssh://lab", "--controller", ".")
    assert (there.code, "of a directory here" in there.err) == (2, True)
    assert penholder(daemon, "top", "--at").code == 2


def test_without_colours_there_are_none(open_terminal: Open, start: Start) -> None:
    terminal = open_terminal(NO_COLOR="1")
    worker = start("sh", "-c", "printf '\\033[31mred\\033[0m\\n'; read x")
    terminal.run(PENHOLDER, "top")
    terminal.until(lambda seen: seen.count("  red") >= 1 and "following" in seen)
    assert not COLOUR.search(terminal.screen(with_codes=True))
    worker.running.say("end")
    worker.end()


def test_with_colours_states_have_some(open_terminal: Open, start: Start) -> None:
    terminal = open_terminal()
    worker = start("sh", "-c", "echo line; read x")
    terminal.run(PENHOLDER, "top")
    terminal.until(lambda seen: seen.count("line") >= 2)
    assert COLOUR.search(terminal.screen(with_codes=True))
    worker.running.say("end")
    worker.end()


def test_the_pager_has_the_terminal_and_gives_it_back(open_terminal: Open, start: Start) -> None:
    terminal = open_terminal(PAGER="sh -c 'cat; echo in the pager; read x < /dev/tty'")
    worker = start("sh", "-c", "echo a line of it; read x")
    terminal.run(PENHOLDER, "top")
    terminal.until(lambda seen: seen.count("a line of it") >= 2)
    terminal.type("v")
    seen = terminal.until(lambda seen: "in the pager" in seen)
    assert "a line of it" in seen
    assert "WORKERS" not in seen
    terminal.type("Enter")
    terminal.until(lambda seen: "WORKERS" in seen)
    worker.running.say("end")
    worker.end()


def test_without_a_daemon_it_says_so_before_it_draws(
    open_terminal: Open, daemon: DaemonProcess
) -> None:
    daemon.kill()
    terminal = open_terminal()
    terminal.run("sh", "-c", f"{PENHOLDER} top; echo status $?")
    assert "penholder up starts the daemon" in " ".join(
        terminal.until(lambda seen: "status 12" in seen).split()
    )
    daemon.start()


def test_a_terminal_that_cannot_move_its_cursor_is_refused(open_terminal: Open) -> None:
    terminal = open_terminal()
    terminal.run("sh", "-c", f"TERM=dumb {PENHOLDER} top; echo status $?")
    assert "move its cursor" in " ".join(terminal.until(lambda seen: "status 2" in seen).split())


def test_without_a_terminal_it_is_refused(daemon: DaemonProcess) -> None:
    done = penholder(daemon, "top")
    assert done.code == 2
    assert "needs a terminal" in done.err
