"""How a server ends, and that nothing is lost with one that is killed."""

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from penholder.blocking import Client
from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.mcp_server import RawServer, Serve, server_environment
from tests.helpers.programs import PENHOLDER, runs, wait_gone
from tests.helpers.waiting import until

SLEEP = ["sh", "-c", "exec sleep 1000"]
PATIENCE_S = 30.0
PARENT = """
import os, subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdin=0, stdout=1)
os.write(2, b"%d\\n" % child.pid)
child.wait()
"""
NO_PIDFD = """
import os
def refused(pid): raise OSError(1, "refused")
os.pidfd_open = refused
"""


def owner(daemon: DaemonProcess) -> int | None:
    """Return the epoch of who owns the server's controller."""
    with Client(daemon.control_socket) as client:
        active = client.controller.status(controller_id="mcp-t").active_owner
    return None if active is None else active.epoch


def test_it_ends_with_its_input_and_lets_go(daemon: DaemonProcess, serve: Serve) -> None:
    server = serve()
    server.call("ask", question="?")
    assert owner(daemon) == 1
    assert server.end() == (0, "")
    assert owner(daemon) is None


def test_what_was_asked_before_the_end_is_answered(serve: Serve) -> None:
    server = serve()
    asked = [server.send("ping"), server.send_call("status")]
    server.shut()
    answers = {server.read()["id"] for _ in asked}
    assert answers == {*asked}
    assert server.line() == b""


def test_waits_do_not_hold_up_the_end(serve: Serve) -> None:
    server = serve()
    server.call("status")
    server.send_call("wait", timeout_s=50)
    server.send("resources/subscribe", {"uri": "penholder://stream/controller:x"})
    server.send_call("status")
    assert server.end() == (0, "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_and_it_lets_go(
    daemon: DaemonProcess, serve: Serve, number: signal.Signals
) -> None:
    server = serve()
    server.call("ask", question="?")
    server.process.send_signal(number)
    assert server.process.wait(30) == 128 + number
    assert owner(daemon) is None


def test_it_ends_when_nobody_reads(serve: Serve) -> None:
    server = serve()
    server.ask("ping")
    assert server.process.stdout is not None
    server.process.stdout.close()
    server.send("ping")
    assert server.process.wait(30) == 0


@pytest.mark.parametrize("make", [os.pipe, socket.socketpair], ids=["pipe", "socket"])
def test_it_is_gone_with_its_input_whatever_is_unread(
    daemon: DaemonProcess, make: Callable[[], tuple[int, int] | tuple[socket.socket, socket.socket]]
) -> None:
    its, ours = [each if isinstance(each, int) else each.detach() for each in make()]
    server = subprocess.Popen(
        [PENHOLDER, "mcp", "--name", "t"],
        env=server_environment(daemon),
        stdin=its,
        stdout=subprocess.PIPE,
    )
    os.close(its)
    ended = os.pidfd_open(server.pid)
    try:
        os.write(ours, PING + b"\n")
        assert server.stdout is not None
        assert server.stdout.readline()
        _say_until_it_takes_no_more(ours)
        os.close(ours)
        assert select.select([ended], [], [], PATIENCE_S)[0]
        assert server.wait() == 0
    finally:
        os.close(ended)
        server.kill()
        server.communicate()


def _say_until_it_takes_no_more(source: int) -> None:
    """Ask for the tools, whose list is long, until what is unread holds up what is asked."""
    os.set_blocking(source, False)
    poll = select.poll()
    poll.register(source, select.POLLOUT)
    while poll.poll(1000):
        with suppress(BlockingIOError):
            os.write(source, b'{"jsonrpc":"2.0","id":1,"method":"tools/list"}\n')


class Orphan:
    """A server whose parent is another process, and whose pipes are held by the test."""

    def __init__(self, daemon: DaemonProcess, first: str = "") -> None:
        """Start both."""
        command = [PENHOLDER, "mcp", "--name", "t"]
        if first:
            program = (
                "import sys; from penholder.cli.main import main; exec(sys.argv.pop(1)); main()"
            )
            command = [sys.executable, "-c", program, first, "mcp", "--name", "t"]
        self.parent = subprocess.Popen(
            [sys.executable, "-c", PARENT, *command],
            env=server_environment(daemon),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self.parent.stderr is not None
        self.pid = int(self.parent.stderr.readline())
        self.descriptor = os.pidfd_open(self.pid)

    def ask(self, line: bytes) -> bytes:
        """Say a line and read one."""
        assert self.parent.stdin is not None
        assert self.parent.stdout is not None
        self.parent.stdin.write(line + b"\n")
        self.parent.stdin.flush()
        return self.parent.stdout.readline()

    def kill_parent(self) -> bool:
        """Kill the parent; tells whether the server is gone in time."""
        self.parent.send_signal(signal.SIGKILL)
        return bool(select.select([self.descriptor], [], [], PATIENCE_S)[0])

    def close(self) -> None:
        """End what is left."""
        self.parent.kill()
        self.parent.wait()
        if runs(self.pid):
            os.kill(self.pid, signal.SIGKILL)
        os.close(self.descriptor)
        for stream in (self.parent.stdin, self.parent.stdout, self.parent.stderr):
            assert stream is not None
            stream.close()


PING = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'
ASK = (
    b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ask","arguments":'
    b'{"question":"?"}}}'
)


@pytest.mark.parametrize("first", ["", NO_PIDFD], ids=["pidfd", "no pidfd"])
@pytest.mark.parametrize("said", [PING, ASK], ids=["owning nothing", "owning"])
def test_it_is_gone_with_its_parent(daemon: DaemonProcess, first: str, said: bytes) -> None:
    orphan = Orphan(daemon, first)
    try:
        assert b"result" in orphan.ask(said)
        assert orphan.kill_parent()
    finally:
        orphan.close()
    if said is ASK:
        assert owner(daemon) is None


def test_it_is_gone_also_while_the_daemon_hangs(daemon: DaemonProcess) -> None:
    orphan = Orphan(daemon)
    try:
        assert b"result" in orphan.ask(ASK)
        daemon.send_signal(signal.SIGSTOP)
        assert orphan.kill_parent()
    finally:
        daemon.send_signal(signal.SIGCONT)
        orphan.close()


def test_whoever_follows_a_killed_one_need_not_wait(daemon: DaemonProcess, serve: Serve) -> None:
    killed = serve()
    started = killed.call("start_worker", command=SLEEP, name="w")
    asked = killed.call("ask", question="Go on?")
    killed.kill()
    assert owner(daemon) == 1
    server = serve()
    (open_,) = server.call("inbox")["questions"]
    assert open_["question"] == asked["question"]
    assert server.call("ask", question="Go on?")["question"] == asked["question"]
    assert owner(daemon) == 2
    assert server.call("stop_worker", worker="w")["worker_id"] == started["worker_id"]


def killed_after(server: RawServer, delay_s: float) -> None:
    """Kill a server when it has had some time, however far it has come."""
    time.sleep(delay_s)  # this is what is tried: any moment
    server.kill()
    # A child that it was about to start has its output until it is a program of its own.
    assert server.process.stdout is not None
    server.process.stdout.read()


@pytest.mark.parametrize("delay_s", [0.0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.5])
def test_a_start_that_is_killed_amid_it_is_whole_or_not_at_all(
    daemon: DaemonProcess, serve: Serve, delay_s: float
) -> None:
    server = serve()
    server.call("status")
    server.send_call("start_worker", command=SLEEP, name="w")
    killed_after(server, delay_s)
    until(lambda: not starting(daemon))
    after = serve()
    living = after.call("list_workers")["workers"]
    if not living:
        living = [after.call("start_worker", command=SLEEP, name="w")]
    (worker,) = living
    assert (worker["name"], worker["state"]) == ("w", "running")
    assert after.call("stop_worker", worker="w", kill=True)["living"] is False
    assert after.call("list_workers")["workers"] == []


def starting(daemon: DaemonProcess) -> bool:
    """Tell whether something is still on its way: a word that runs, or a worker that begins."""
    mark = os.fsencode(daemon.runtime_dir)
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with (
                open(f"/proc/{pid}/cmdline", "rb") as words,
                open(f"/proc/{pid}/environ", "rb") as e,
            ):
                if b"--controller=mcp-t" in words.read() and mark in e.read():
                    return True
        except OSError:
            continue
    with Client(daemon.control_socket) as client:
        return any(each.state == "starting" for each in client.worker.list().items)


@pytest.mark.parametrize("delay_s", [0.0, 0.01, 0.03, 0.1, 0.2])
def test_a_question_that_is_asked_again_is_asked_once(
    daemon: DaemonProcess, serve: Serve, delay_s: float
) -> None:
    server = serve()
    server.call("status")
    server.send_call("ask", question="?", options=["a", "b"])
    killed_after(server, delay_s)
    after = serve()
    asked = after.call("ask", question="?", options=["a", "b"])
    (open_,) = after.call("inbox")["questions"]
    assert open_["question"] == asked["question"]
    with Client(daemon.control_socket) as client:
        assert len(client.approval.list(state="all").items) == 1


def test_what_it_started_outlives_it(serve: Serve) -> None:
    server = serve()
    server.call("start_worker", command=SLEEP, name="w")
    server.end()
    wait_gone(server.pid)
    (worker,) = serve().call("list_workers")["workers"]
    assert (worker["name"], worker["state"]) == ("w", "running")
