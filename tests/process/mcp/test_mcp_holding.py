"""One owner of a controller, and what the others are told."""

from pathlib import Path

import pytest

from penholder.blocking import Client
from penholder.cli.workers import waiting
from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.mcp_server import Serve
from tests.helpers.programs import penholder

SLEEP = ["sh", "-c", "exec sleep 1000"]


def test_looking_takes_no_ownership(daemon: DaemonProcess, serve: Serve) -> None:
    server = serve()
    for tool in ("status", "list_workers", "inbox", "read_events"):
        server.call(tool)
    server.ask("resources/list")
    with Client(daemon.control_socket) as client:
        assert client.controller.list().items == []


def test_of_two_with_one_name_one_acts(serve: Serve) -> None:
    first, second = serve(), serve()
    first.call("start_worker", command=SLEEP, name="w")
    refused = second.refusal("stop_worker", worker="w")
    assert refused["code"] == "CONTROLLER_OWNERSHIP_CONFLICT"
    assert str(first.pid) in refused["message"]
    assert "--name" in refused["what_to_do"]
    assert second.call("list_workers")["workers"][0]["name"] == "w"
    assert not second.call("status")["controller"]["owned"]
    first.end()
    assert not second.call("stop_worker", worker="w")["living"]


def test_who_has_lost_the_fence_is_told_once_and_takes_nothing_back(
    daemon: DaemonProcess, serve: Serve
) -> None:
    server = serve()
    server.call("start_worker", command=SLEEP, name="w")
    with Client(daemon.control_socket) as client:
        with client.controller.owned("mcp-t", takeover=True):
            refused = server.refusal("send_to_worker", worker="w", text="x")
            assert refused["code"] == "FENCED"
            assert refused["details"]["current_epoch"] == 2
            assert "somebody else owns it" in refused["what_to_do"]
            for _ in range(2):
                again = server.refusal("stop_worker", worker="w")
                assert again["code"] == "CONTROLLER_OWNERSHIP_CONFLICT"
            status = server.call("status")["controller"]
            assert (status["owned"], status["epoch"]) == (False, 2)
            assert server.call("read_logs", worker="w")["living"]
        # The other has let go, and this one is free to own it again.
        assert not server.call("stop_worker", worker="w")["living"]
        assert client.worker.list().items[0].state == "stopped"


@pytest.mark.parametrize(
    ("tool", "params"), [("start_worker", {"command": SLEEP}), ("restart_worker", {"worker": "w"})]
)
def test_so_it_is_told_by_what_a_program_of_its_own_does(
    daemon: DaemonProcess, serve: Serve, tool: str, params: dict[str, object]
) -> None:
    server = serve()
    server.call("start_worker", command=["true"], name="w")
    with Client(daemon.control_socket) as client:
        worker = client.worker.list().items[0]
        waiting.until_ended(client, worker.worker_id, worker.controller_id)
        with client.controller.owned("mcp-t", takeover=True):
            first, second = (server.refusal(tool, **params) for _ in range(2))

    assert (first["code"], first["details"]["current_epoch"]) == ("FENCED", 2)
    assert second["code"] == "CONTROLLER_OWNERSHIP_CONFLICT"


def test_a_loss_that_a_renewal_has_seen_is_told_too(daemon: DaemonProcess, serve: Serve) -> None:
    server = serve(first="import penholder.cli.mcp.holding as h; h.LEASE_MS = 150")
    server.call("start_worker", command=SLEEP, name="w")
    with (
        Client(daemon.control_socket) as client,
        client.controller.owned("mcp-t", takeover=True),
    ):
        begun = client.journal.position().pos
        # Longer than the pause between two renewals, of which there is no other sign.
        client.journal.wait(streams=["daemon"], after=begun, timeout_ms=500)
        assert server.refusal("stop_worker", worker="w")["code"] == "FENCED"


def test_a_lease_is_renewed_while_it_does_nothing(daemon: DaemonProcess, serve: Serve) -> None:
    server = serve(first="import penholder.cli.mcp.holding as h; h.LEASE_MS = 300")
    server.call("ask", question="?")
    with Client(daemon.control_socket) as client:
        before = client.controller.status(controller_id="mcp-t").active_owner
        client.journal.wait(streams=["daemon"], after=0, timeout_ms=700)
        after = client.controller.status(controller_id="mcp-t").active_owner
        assert before is not None
        assert after is not None
        assert after.lease_expires_at is not None
        assert before.lease_expires_at is not None
        assert after.lease_expires_at > before.lease_expires_at
    assert server.call("status")["controller"]["owned"]


@pytest.mark.parametrize("tool", ["stop_worker", "restart_worker", "send_to_worker", "hand_off"])
def test_workers_of_others_are_left_alone(daemon: DaemonProcess, serve: Serve, tool: str) -> None:
    with Client(daemon.control_socket) as client:
        client.controller.register(controller_id="c", label="c", workspace_key="/c")
        worker = client.worker.create(
            controller_id="c", label="theirs", launcher="test", profile="p", cwd="/"
        )
        more = {
            "send_to_worker": {"text": "x"},
            "hand_off": {"handoff_path": "/h", "checkpoint_path": "/c"},
        }
        server = serve()
        before = client.journal.position().pos
        refused = server.refusal(tool, worker="theirs", **more.get(tool, {}))
        assert refused["code"] == "NOT_YOURS"
        assert "mcp-t" in refused["message"]
        assert client.journal.position().pos == before
        assert server.call("read_logs", worker="theirs")["worker_id"] == worker.worker_id
        assert [each["name"] for each in server.call("list_workers", all=True)["workers"]] == []


def test_another_controller_can_be_held(daemon: DaemonProcess, serve: Serve) -> None:
    with Client(daemon.control_socket) as client:
        client.controller.register(controller_id="c", label="c", workspace_key="/c")
    server = serve("--controller", "c")
    assert server.call("start_worker", command=SLEEP, name="w")["controller_id"] == "c"
    assert serve("--controller", "nobody").refusal("ask", question="?")["code"] == (
        "CONTROLLER_NOT_FOUND"
    )


def test_the_directorys_controller_can_be_held(daemon: DaemonProcess, serve: Serve) -> None:
    server = serve("--controller", ".")
    started = server.call("start_worker", command=SLEEP, name="w")
    assert started["controller_id"].startswith("dir-")
    ran = penholder(daemon, "ps", "--controller", ".", "--json")
    assert [each["worker_id"] for each in ran.json] == [started["worker_id"]]
    # A person stops beside the owner.
    assert penholder(daemon, "stop", "w").code == 0


def test_without_a_name_it_is_called_after_the_directory(serve: Serve) -> None:
    status = serve("--operation", "x").call("status")
    assert status["name"].startswith(Path.cwd().name[:40])
    assert status["controller"]["controller_id"] == f"mcp-{status['name']}"
