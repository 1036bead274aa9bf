"""The examples, run as a reader would run them, and what they leave in the daemon."""

import sys
from collections.abc import Iterator

import pytest

from penholder.blocking import Client
from penholder_daemon.generate.__main__ import ROOT
from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.examples import check_worker, run, types

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
