"""One id from the client through the journal's entry to the daemon's log."""

from typing import Any

from penholder import open_client
from penholder.blocking import Client
from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.programs import penholder


def _ids(daemon: DaemonProcess, stream: str) -> list[Any]:
    with daemon.connect() as control:
        page = control.call("journal.read", streams=[stream])
    return [entry["request_id"] for entry in page["items"]]


def _logged(daemon: DaemonProcess, method: str) -> str:
    """Return the line of the one request of that method."""
    [line] = [line for line in daemon.log().splitlines() if f"method={method}" in line]
    return line


async def test_entry_and_log_line_name_the_request_of_either_client(
    talkative: DaemonProcess,
) -> None:
    with Client(talkative.control_socket, operation="deploy-42") as client:
        client.controller.register(controller_id="c", label="c", workspace_key="/w")
    async with open_client(talkative.control_socket, operation="deploy-43") as other:
        await other.controller.acquire(controller_id="c")
    first, second = _ids(talkative, "controller:c")
    assert first.startswith("deploy-42-")
    assert second.startswith("deploy-43-")
    talkative.stop()
    assert f"request_id={first}" in _logged(talkative, "controller.register")
    assert f"request_id={second}" in _logged(talkative, "controller.acquire")


def test_the_command_line_and_what_it_runs_name_the_operation(talkative: DaemonProcess) -> None:
    made = ("--controller-id", "c", "--label", "c", "--workspace-key", "/w")
    done = penholder(talkative, "--operation", "ci:7", "controller", "register", *made)
    assert (done.code, done.err) == (0, "")
    ran = ("--controller", "c", "--label", "l", "--worker-id", "w", "--operation=ci:7")
    assert penholder(talkative, "run", *ran, "--", "echo", "hello").code == 0
    ids = _ids(talkative, "controller:c") + _ids(talkative, "worker:w")
    assert len(ids) > 4
    assert [request_id for request_id in ids if not request_id.startswith("ci:7-")] == []
    talkative.stop()
    for method in ("controller.register", "worker.create", "runtime.attach", "runtime.detach"):
        assert "request_id=ci:7-" in _logged(talkative, method)


def test_a_name_that_is_none_is_wrong_usage_and_nothing_is_asked(talkative: DaemonProcess) -> None:
    made = ("--controller-id", "c", "--label", "c", "--workspace-key", "/w")
    done = penholder(talkative, "controller", "register", *made, "--operation", "a b")
    assert done.code == 2
    assert "--operation: an operation has 1 to 128" in done.err
    assert "controller.register" not in talkative.log()
