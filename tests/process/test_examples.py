"""The examples, run as a reader would run them, and what they leave in the daemon."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from penholder.blocking import Client
from penholder_daemon.generate.__main__ import ROOT
from penholder_protocol import nouns
from tests.helpers.daemon_process import DaemonProcess

_TIMEOUT_S = 60
_EXAMPLES = ROOT / "examples"
COMMANDS = {
    "worker.sh": ["bash", str(_EXAMPLES / "worker.sh")],
    "worker.py": [sys.executable, "-W", "error", str(_EXAMPLES / "worker.py")],
}


@pytest.fixture
def client(daemon: DaemonProcess) -> Iterator[Client]:
    """Give a client of the control socket and a controller c."""
    with Client(daemon.control_socket) as made:
        made.controller.register(controller_id="c", label="c", workspace_key="/w")
        yield made


def run(
    daemon: DaemonProcess, *command: str, **environment: str
) -> "subprocess.CompletedProcess[str]":
    """Run a program to its end; it must succeed and complain of nothing."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**daemon.environment, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done


def types(page: nouns.Page[nouns.Event]) -> list[str]:
    """Return what the events are."""
    return [event.type for event in page.items]


def _words(pid: int | None) -> list[str]:
    """Return the command line of a process: the seat is the program's own, not a helper's."""
    return Path(f"/proc/{pid}/cmdline").read_text().split("\0")


def check_worker(
    daemon: DaemonProcess, client: Client, command: list[str], option: str, *, by_argument: bool
) -> None:
    """Run a worker that asks once, answer it, and look at what it left."""
    worker = client.worker.create(
        worker_id="w", controller_id="c", label="w", launcher="test", profile="p", cwd="/",
        start="starting",
    )  # fmt: skip
    given = [*command, worker.socket_path] if by_argument else command
    environment = {} if by_argument else {"PENHOLDER_SOCKET": worker.socket_path}
    with client.subscribe(["controller:c"]) as entries, ThreadPoolExecutor(1) as pool:
        running = pool.submit(run, daemon, *given, **environment)
        running.add_done_callback(lambda _: entries.close())
        assert any(entry.type == "approval.requested" for entry in entries), running.result()
        [asked] = client.approval.list(worker_id="w").items
        assert client.worker.get(worker_id="w").state == "waiting_approval"
        assert command[-1] in _words(client.runtime.status(worker_id="w").pid)
        client.approval.decide(request_id=asked.request_id, option=option)
        running.result()
    events = client.event.list(worker_id="w")
    assert types(events) == ["file.seen"] * 3 + ["work.done"]
    allowed = b"true" if option == "allow" else b"false"
    assert bytes(events.items[-1].data) == b'{"deleted":' + allowed + b"}"
    after = client.worker.get(worker_id="w")
    assert (after.state, after.recovery_state, after.last_error) == ("stopped", "restartable", None)
    assert after.heartbeat_at is not None
    assert client.runtime.status(worker_id="w").attached is False


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize(("option", "by_argument"), [("allow", False), ("deny", True)])
def test_a_worker_asks_and_does_what_it_may(
    daemon: DaemonProcess, client: Client, name: str, option: str, by_argument: bool
) -> None:
    check_worker(daemon, client, COMMANDS[name], option, by_argument=by_argument)


def test_the_controller_runs_three_workers(daemon: DaemonProcess) -> None:
    program = str(_EXAMPLES / "controller.py")
    done = run(daemon, sys.executable, "-W", "error", program)
    said = [line.partition(" ")[0] for line in done.stdout.splitlines()]
    for each in ("worker.created", "runtime.attached", "approval.decided", "runtime.detached"):
        assert said.count(each) == 3
    with Client(daemon.control_socket) as client:
        workers = client.worker.list(controller_id="example").items
        assert [worker.state for worker in workers] == ["stopped"] * 3
        for worker in workers:
            [asked] = client.approval.list(worker_id=worker.worker_id, state="all").items
            assert (asked.state, asked.decision) == ("decided", "allow")
            assert types(client.event.list(worker_id=worker.worker_id))[-1] == "work.done"
        assert client.controller.status(controller_id="example").state == "dormant"


def test_the_controller_can_be_run_again(daemon: DaemonProcess) -> None:
    for _ in range(2):
        run(daemon, sys.executable, "-W", "error", str(_EXAMPLES / "controller.py"))
    with Client(daemon.control_socket) as client:
        assert len(client.worker.list(controller_id="example").items) == 6
