"""`penholder run` under any parent: what was blocked, ignored or stopped by whoever started it."""

import ctypes
import os
import signal
import socket
import threading
from pathlib import Path

import pytest

from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.programs import Start, StartProgram, penholder, state_of
from tests.helpers.waiting import until

BLOCKED = "signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())"
WAITING = ("sh", "-c", "echo $$; read x; echo $x")


def test_a_parent_that_ignores_its_children_is_no_matter(start: Start) -> None:
    worker = start(
        "sh", "-c", "sleep 0 & exit 3", first="signal.signal(signal.SIGCHLD, signal.SIG_IGN)"
    )
    assert worker.end().code == 3
    assert worker.record()["last_error"] == "exit status 3"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT])
def test_signals_that_a_parent_blocked_are_taken(start: Start, number: signal.Signals) -> None:
    worker = start("sh", "-c", "grep SigBlk /proc/self/status; exec sleep 1000", first=BLOCKED)
    assert worker.running.line() == "SigBlk:\t0000000000000000"
    worker.running.signal(number)
    expected = signal.SIGQUIT if number == signal.SIGQUIT else signal.SIGTERM
    assert worker.end().code == 128 + expected


def _send_to_thread(pid: int, thread: int, number: signal.Signals) -> None:
    """Have one thread take a signal, as the kernel may choose any that does not block it."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.tgkill(pid, thread, number):
        raise OSError(ctypes.get_errno(), "tgkill")


def test_a_signal_that_another_thread_takes_is_noticed(start: Start) -> None:
    worker = start("sh", "-c", "echo ready; exec sleep 1000")
    worker.running.line()
    pid = worker.running.process.pid
    others = {int(path.name) for path in Path(f"/proc/{pid}/task").iterdir()} - {pid}
    assert others
    _send_to_thread(pid, max(others), signal.SIGTERM)
    assert worker.end().code == 128 + signal.SIGTERM


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_that_a_parent_ignored_stays_ignored(start: Start, number: signal.Signals) -> None:
    worker = start(*WAITING, first=f"signal.signal({int(number)}, signal.SIG_IGN)")
    pid = int(worker.running.line())
    worker.running.signal(number)
    os.kill(pid, number)
    worker.running.say("still here")
    assert worker.end().code == 0
    assert worker.texts() == [str(pid), "still here"]


def test_sigterm_is_taken_even_where_it_was_ignored(start: Start) -> None:
    ignoring = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    worker = start("sh", "-c", "echo ready; exec sleep 1000", first=ignoring)
    worker.running.line()
    worker.running.signal(signal.SIGTERM)
    assert worker.end().code == 128 + signal.SIGTERM


def test_ctrl_backslash_asks_the_command_for_its_last_words(start: Start) -> None:
    script = "trap 'echo bye; exit 7' QUIT; echo ready; while :; do sleep 100 & wait $!; done"
    # The sleep hears nothing of it, and is what is left to be killed.
    worker = start("sh", "-c", script, flags=("--kill-after-s", "0.2"))
    worker.wait_for("ready")
    worker.running.signal(signal.SIGQUIT)
    assert worker.end().code == 7
    assert worker.texts() == ["ready", "bye"]


def test_ctrl_z_stops_both_and_both_go_on(start: Start) -> None:
    # In a group of its own, as a shell with job control starts it: else the kernel stops nobody.
    worker = start(*WAITING, first="os.setpgid(0, 0)")
    pid = int(worker.running.line())
    run = worker.running.process.pid
    for number in (signal.SIGTSTP, signal.SIGTTOU, signal.SIGTTIN):
        worker.running.signal(number)
        os.waitid(os.P_PID, run, os.WSTOPPED)
        until(lambda: state_of(pid) == "T")
        worker.running.signal(signal.SIGCONT)
        until(lambda: state_of(pid) != "T")
    worker.running.say("on")
    assert worker.end().code == 0
    assert worker.texts() == [str(pid), "on"]


@pytest.mark.parametrize(
    ("words", "code"),
    [("stop", 143), ("kill", 137), ("kill -s TERM", 143)],
)
def test_what_ctrl_z_has_stopped_is_ended_all_the_same(
    daemon: DaemonProcess, start: Start, words: str, code: int
) -> None:
    worker = start(*WAITING, first="os.setpgid(0, 0)")
    worker.running.line()
    run = worker.running.process.pid
    worker.running.signal(signal.SIGTSTP)
    os.waitid(os.P_PID, run, os.WSTOPPED)

    said = penholder(daemon, *words.split(), worker.record()["worker_id"])

    assert (said.code, said.err) == (0, "")
    assert worker.end().code == code


class Proxy(threading.Thread):
    """Stands before a daemon and keeps back what it answers to the first call of a method."""

    def __init__(self, directory: Path, daemon: DaemonProcess, method: str) -> None:
        """Listen in a runtime directory of its own."""
        super().__init__(daemon=True)
        directory.mkdir(mode=0o700)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(directory / "control.sock"))
        self._listener.listen()
        self._daemon = daemon
        self._method = method.encode()
        self.has_asked = threading.Event()

    def run(self) -> None:
        """Serve one connection after the other."""
        while True:
            client, _ = self._listener.accept()
            with client, self._daemon.connect() as behind, client.makefile("rb") as lines:
                for line in lines:
                    behind.send(line)
                    behind_answer = behind.read_line()
                    if self._method in line and not self.has_asked.is_set():
                        self.has_asked.set()
                        continue
                    client.sendall(behind_answer)


@pytest.mark.parametrize("worker_id", [("--worker-id", "w"), ()])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_during_the_start_leaves_no_worker_that_waits(
    daemon: DaemonProcess,
    short_dir: Path,
    start_program: StartProgram,
    number: signal.Signals,
    worker_id: tuple[str, ...],
) -> None:
    with daemon.connect() as control:
        control.call("controller.register", controller_id="c", label="c", workspace_key="/w")
    proxy = Proxy(short_dir / "proxy", daemon, "worker.create")
    proxy.start()
    running = start_program(
        "run", "--runtime-dir", str(short_dir / "proxy"), "--controller", "c", "--label", "l",
        *worker_id, "--", "true",
    )  # fmt: skip
    assert proxy.has_asked.wait(30)
    running.signal(number)
    ran = running.end()

    assert ran.code == 128 + number
    assert "before its command was started" in ran.err
    with daemon.connect() as control:
        (worker,) = control.call("worker.list")["items"]
    assert worker["state"] == "stopped"
    assert number.name in worker["last_error"]
