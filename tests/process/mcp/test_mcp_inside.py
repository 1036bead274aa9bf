"""A server inside a worker: that worker's socket alone, and no decision."""

from collections.abc import Iterator

import pytest

from penholder.blocking import Client
from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.mcp_server import RawServer, Serve


@pytest.fixture
def control(daemon: DaemonProcess) -> Iterator[Client]:
    """Give a client of the control socket, with a controller and a worker of others."""
    with Client(daemon.control_socket) as client:
        client.controller.register(controller_id="c", label="c", workspace_key="/c")
        for worker_id in ("mine", "theirs"):
            client.worker.create(
                worker_id=worker_id, controller_id="c", label=worker_id, launcher="l",
                profile="p", cwd="/",
            )  # fmt: skip
        yield client


@pytest.fixture
def inside(control: Client, serve: Serve) -> Iterator[RawServer]:
    """Give a server below the process that has the seat of `mine`; it may decide what it can."""
    path = control.worker.get(worker_id="mine").socket_path
    assert path is not None
    with Client(path) as seat:
        seat.runtime.attach()
        seat.worker.transition(to="running")
        yield serve(
            "--name", "t", "--allow-decide", PENHOLDER_WORKER_ID="mine", PENHOLDER_SOCKET=path
        )


def test_it_has_the_tools_that_a_worker_has_a_use_for(inside: RawServer) -> None:
    tools = {each["name"] for each in inside.ask("tools/list")["result"]["tools"]}
    assert tools == {
        "status", "read_events", "wait", "read_logs", "inbox", "ask", "queue", "hand_off", "call",
    }  # fmt: skip
    told = inside.ask("tools/call", {"name": "answer", "arguments": {}})
    assert "Unknown tool" in told["error"]["message"]
    status = inside.call("status")
    assert (status["inside_worker"], status["may_decide"], status["name"]) == (
        "mine", False, "mine",
    )  # fmt: skip


def test_it_asks_as_its_worker_and_hears_the_answer(inside: RawServer, control: Client) -> None:
    asked = inside.call("ask", question="May I?")
    question = asked["question"]
    assert asked["worker_id"] == "mine"
    assert control.worker.get(worker_id="mine").state == "waiting_approval"
    (open_,) = inside.call("inbox")["questions"]
    assert open_["question"] == asked["question"]
    assert inside.call("wait", question=question, timeout_s=0)["note"].startswith("no answer yet")
    waiting = inside.send_call("wait", question=question, timeout_s=50)
    inside.call("status")
    control.approval.decide(request_id=question, option="allow", note="go")
    told = inside.answer(waiting)["result"]["structuredContent"]
    assert (told["state"], told["answer"], told["note"]) == ("decided", "allow", "go")
    assert inside.call("inbox", question=question)["questions"] == [told]
    assert inside.call("inbox")["questions"] == []


def test_it_decides_nothing(inside: RawServer, control: Client) -> None:
    question = control.approval.request(worker_id="mine", message="?").request_id
    params = {"request_id": question, "option": "allow"}
    refused = inside.refusal("call", method="approval.decide", params=params)
    assert refused["code"] == "NOT_CALLABLE"
    assert control.approval.get(request_id=question).state == "pending"


def test_it_sees_and_changes_no_other(inside: RawServer, control: Client) -> None:
    control.event.append(worker_id="theirs", type="secret")
    before = control.journal.position().pos
    assert inside.refusal("read_logs", worker="theirs")["code"] == "WORKER_NOT_FOUND"
    for method, params in (
        ("worker.get", {"worker_id": "theirs"}),
        ("event.append", {"worker_id": "theirs", "type": "x"}),
        ("event.list", {"worker_id": "theirs"}),
    ):
        assert inside.refusal("call", method=method, params=params)["code"] == "DENIED"
    for stream in ("worker:theirs", "controller:c", "*"):
        assert inside.refusal("read_events", streams=[stream])["code"] == "DENIED"
    for method in ("worker.list", "worker.send", "worker.stop", "runtime.detach"):
        assert inside.refusal("call", method=method)["code"] == "NOT_CALLABLE"
    uri = "penholder://stream/worker:theirs"
    assert "DENIED" in inside.ask("resources/read", {"uri": uri})["error"]["message"]
    assert control.journal.position().pos == before


def test_it_speaks_for_its_worker(inside: RawServer, control: Client) -> None:
    params = {"type": "note", "data": {"n": 1}}
    assert inside.call("call", method="event.append", params=params)["result"]["worker_id"] == (
        "mine"
    )
    handed = inside.call("hand_off", handoff_path="/h", checkpoint_path="/c")
    assert handed["worker_id"] == "mine"
    control.queue.submit(tenant_id="t", project_id="p", queue="q")
    claimed = inside.call("queue", action="claim", queue="q")
    assert claimed["task"]["state"] == "running"
    about = {"task_id": claimed["task"]["task_id"], "lease": claimed["lease"]}
    done = inside.call("queue", action="complete", result={"ok": True}, **about)
    assert done["task"]["state"] == "completed"
    (resource,) = inside.ask("resources/list")["result"]["resources"]
    assert resource["uri"] == "penholder://stream/worker:mine"
    # It owns no controller.
    assert control.controller.status(controller_id="c").active_owner is None


def test_without_the_socket_it_says_what_is_missing(serve: Serve) -> None:
    server = serve("--name", "t", PENHOLDER_WORKER_ID="mine")
    refused = server.refusal("ask", question="?")
    assert refused["code"] == "NO_SOCKET"
    assert "PENHOLDER_SOCKET" in refused["what_to_do"]
