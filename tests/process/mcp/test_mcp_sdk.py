"""Every tool, driven by the official SDK's own client in both eras of the protocol."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mcp_types
import pytest
import trio
from mcp import Client

from penholder.blocking import Client as Daemon
from tests.helpers.background import end_all_below
from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.mcp_server import LEGACY, MODERN, sdk_client

ERAS = (LEGACY, MODERN)
TOOLS = {
    "status", "list_workers", "start_worker", "send_to_worker", "stop_worker", "restart_worker",
    "read_events", "wait", "read_logs", "inbox", "answer", "ask", "queue", "hand_off", "call",
}  # fmt: skip


class Tools:
    """The tools of a server, by the SDK's client; notes which were called."""

    def __init__(self, client: Client) -> None:
        """Take a connected client."""
        self.client = client
        self.called: set[str] = set()

    async def __call__(self, tool: str, **arguments: object) -> Any:
        """Return what a tool answered, which must be no error."""
        result = await self.client.call_tool(tool, dict(arguments))
        assert not result.is_error, result.content
        self.called.add(tool)
        (content,) = result.content
        assert isinstance(content, mcp_types.TextContent)
        assert content.text
        return result.structured_content

    async def until_decided(self, question: str, cursor: int) -> int:
        """Wait as a model would; returns the cursor."""
        while True:
            seen = await self("wait", cursor=cursor, timeout_s=10)
            cursor = seen["cursor"]
            if any(
                event["type"] == "approval.decided" and event["data"]["request_id"] == question
                for event in seen["events"]
            ):
                return cursor


@pytest.fixture
def control(daemon: DaemonProcess, short_dir: Path) -> Iterator[Daemon]:
    """Give a client of the daemon, as a person has it."""
    with Daemon(daemon.control_socket) as client:
        yield client
    end_all_below(short_dir)


@pytest.mark.parametrize("mode", ERAS)
async def test_every_tool(daemon: DaemonProcess, control: Daemon, log: Path, mode: str) -> None:
    control.queue.submit(tenant_id="t", project_id="p", queue="q", payload={"n": 1}, max_attempts=3)
    async with sdk_client(daemon, mode, log, "--name", "ada", "--allow-decide") as client:
        tools = Tools(client)
        listed = (await client.list_tools()).tools
        assert {each.name for each in listed} == TOOLS
        assert all(each.description and each.input_schema["type"] == "object" for each in listed)

        cursor = (await tools("status"))["cursor"]
        started = await tools(
            "start_worker",
            command=["sh", "-c", "echo hello; exec sleep 1000"],
            name="w",
            env={"A": "b"},
        )
        assert started["controller_id"] == "mcp-ada"
        status = await tools("status")
        assert status["controller"]["owned"]
        assert status["may_decide"]
        (shown,) = (await tools("list_workers"))["workers"]
        assert (shown["name"], shown["living"]) == ("w", True)

        await _reads(tools, started["worker_id"], cursor)
        sent = await tools("send_to_worker", worker="w", text="go on")
        assert sent["seq"] == 1
        await _asks(tools, control)
        await _works(tools)
        handed = await tools("hand_off", handoff_path="/h.md", checkpoint_path="/c.json")
        latest = control.handoff.latest(worker_id=handed["worker_id"])
        assert latest is not None
        assert latest.snapshot_id == handed["handoff_id"]

        assert (await tools("restart_worker", worker="w"))["worker_id"] == started["worker_id"]
        assert (await tools("stop_worker", worker="w"))["state"] == "stopped"
        again = await tools("restart_worker", worker="w")
        assert again["worker_id"] != started["worker_id"]
        assert not (await tools("stop_worker", worker="w", kill=True))["living"]
        ended = (await tools("list_workers", ended=True))["workers"]
        assert [each["exit_status"] for each in ended if each["name"] == "w"] == [137, 143]
        assert tools.called == TOOLS
    assert control.controller.status(controller_id="mcp-ada").state == "dormant"


async def _reads(tools: Tools, worker_id: str, cursor: int) -> None:
    with trio.fail_after(30):
        while "hello\n" not in (await tools("read_logs", worker="w"))["text"]:
            await tools("wait", worker="w", types=["output"], timeout_s=1)
    seen = await tools("read_events", cursor=cursor)
    assert {"worker.created", "process.started"} <= {each["type"] for each in seen["events"]}
    assert "output" not in {each["type"] for each in seen["events"]}
    every = await tools("read_events", worker="w", types=["*"])
    assert "output" in {each["type"] for each in every["events"]}
    nothing = await tools("wait", cursor=seen["cursor"], timeout_s=0)
    assert nothing["events"] == []
    assert nothing["note"] == f"nothing yet, call again with cursor {nothing['cursor']}"
    called = await tools("call", method="worker.get", params={"worker_id": worker_id})
    assert called["result"]["env"] == {"A": "b"}


async def _asks(tools: Tools, control: Daemon) -> None:
    cursor = (await tools("status"))["cursor"]
    asked = await tools("ask", question="Which?", options=["red", "blue=The blue one"])
    (open_,) = (await tools("inbox"))["questions"]
    assert open_["question"] == asked["question"]
    control.approval.decide(request_id=asked["question"], option="blue", note="nicer")
    await tools.until_decided(asked["question"], cursor)
    (told,) = (await tools("inbox", question=asked["question"]))["questions"]
    assert (told["state"], told["answer"], told["note"]) == ("decided", "blue", "nicer")
    asked = await tools("ask", question="May I?")
    assert (await tools("answer", question=asked["question"], option="Deny"))["answer"] == "deny"


async def _works(tools: Tools) -> None:
    claimed = await tools("queue", action="claim", queue="q")
    about = {"task_id": claimed["task"]["task_id"], "lease": claimed["lease"]}
    assert claimed["task"]["payload"] == {"n": 1}
    assert (await tools("queue", action="claim", queue="q"))["task"] is None
    assert (await tools("queue", action="prolong", **about))["task"]["state"] == "running"
    failed = await tools("queue", action="fail", error="no", retry=False, **about)
    assert failed["task"]["state"] == "failed"


@pytest.mark.parametrize("mode", ERAS)
async def test_errors_are_results_that_say_what_to_do(
    daemon: DaemonProcess, log: Path, mode: str
) -> None:
    async with sdk_client(daemon, mode, log, "--name", "t") as client:
        for tool, arguments, code in (
            ("read_logs", {"worker": "nobody"}, "WORKER_NOT_FOUND"),
            ("answer", {"question": "ap_1", "option": "allow"}, "MAY_NOT_DECIDE"),
            ("call", {"method": "daemon.shutdown"}, "NOT_CALLABLE"),
            ("wait", {"timeout_s": 51}, "INVALID_PARAMS"),
            ("start_worker", {"command": ["/no/such/program"]}, "COMMAND_FAILED"),
        ):
            result = await client.call_tool(tool, arguments)
            assert result.is_error, tool
            assert result.structured_content["error"]["code"] == code


async def test_a_client_finds_out_which_era_it_is(daemon: DaemonProcess, log: Path) -> None:
    async with sdk_client(daemon, "auto", log, "--name", "t") as client:
        assert client.protocol_version == MODERN
        assert client.server_info is not None
        assert client.server_info.name == "penholder"
        assert "list_workers" in (client.instructions or "")
    async with sdk_client(daemon, LEGACY, log, "--name", "t") as client:
        assert client.protocol_version == "2025-11-25"


@pytest.mark.parametrize("mode", ERAS)
async def test_streams_are_resources(
    daemon: DaemonProcess, control: Daemon, log: Path, mode: str
) -> None:
    control.controller.register(controller_id="mcp-t", label="t", workspace_key="mcp:t")
    worker = control.worker.create(
        controller_id="mcp-t", label="w", launcher="test", profile="p", cwd="/"
    )
    async with sdk_client(daemon, mode, log, "--name", "t") as client:
        found = {each.name: each.uri for each in (await client.list_resources()).resources}
        stream = f"worker:{worker.worker_id}"
        assert {"controller:mcp-t", "controller:mcp-t/workers", stream} == {*found}
        assert (await client.list_resource_templates()).resource_templates
        control.event.append(worker_id=worker.worker_id, type="note", data={"n": 1})
        first = await _read(client, found[stream])
        assert [each["data"] for each in first["entries"]] == [{"n": 1}]
        control.event.append(worker_id=worker.worker_id, type="note", data={"n": 2})
        then = await _read(client, first["next"])
        assert [each["data"] for each in then["entries"]] == [{"n": 2}]
        with pytest.raises(Exception, match="Resource not found"):
            await client.read_resource("file:///etc/passwd")


async def _read(client: Client, uri: str) -> Any:
    import json

    (content,) = (await client.read_resource(uri)).contents
    assert isinstance(content, mcp_types.TextResourceContents)
    return json.loads(content.text)


async def test_who_listens_is_told_of_changes(
    daemon: DaemonProcess, control: Daemon, log: Path
) -> None:
    control.controller.register(controller_id="mcp-t", label="t", workspace_key="mcp:t")
    uri = "penholder://stream/controller:mcp-t"
    async with (
        sdk_client(daemon, MODERN, log, "--name", "t") as client,
        client.listen(resource_subscriptions=[uri]) as changes,
    ):
        assert changes.honored.resource_subscriptions == [uri]
        with trio.fail_after(30):
            while True:
                # Until the watch stands: it begins with what comes after it.
                control.controller.register(controller_id="mcp-t", label="t", workspace_key="mcp:t")
                with trio.move_on_after(0.5):
                    change = await anext(changes)
                    break
        assert change.uri == uri  # type: ignore[union-attr]  # the only kind there is
