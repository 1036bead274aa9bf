"""Who may answer questions, and who may not."""

from collections.abc import Iterator

import pytest

from penholder.blocking import Client
from penholder_protocol.nouns import Option
from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.mcp_server import Serve


@pytest.fixture
def asked(daemon: DaemonProcess) -> Iterator[tuple[Client, str]]:
    """Give a worker's question, whose options decide for once and for ever."""
    with Client(daemon.control_socket) as client:
        client.controller.register(controller_id="mcp-t", label="t", workspace_key="mcp:t")
        worker = client.worker.create(
            controller_id="mcp-t", label="w", launcher="test", profile="p", cwd="/"
        )
        question = client.approval.request(
            worker_id=worker.worker_id,
            message="Run it?",
            options=[
                Option(id="yes", kind="allow_once", label="Yes"),
                Option(id="ever", kind="allow_always", label="Always"),
                Option(id="no", kind="reject_once", label="No"),
            ],
        )
        yield client, question.request_id


def state(asked: tuple[Client, str]) -> str:
    """Return how the question stands."""
    return asked[0].approval.get(request_id=asked[1]).state


def test_by_default_people_decide(asked: tuple[Client, str], serve: Serve) -> None:
    server = serve()
    refused = server.refusal("answer", question=asked[1], option="yes")
    assert refused["code"] == "MAY_NOT_DECIDE"
    assert "penholder inbox" in refused["what_to_do"]
    params = {"request_id": asked[1], "option": "yes"}
    assert server.refusal("call", method="approval.decide", params=params)["code"] == (
        "MAY_NOT_DECIDE"
    )
    assert state(asked) == "pending"
    (shown,) = server.call("inbox")["questions"]
    assert [each["id"] for each in shown["options"]] == ["yes", "ever", "no"]


def test_who_was_allowed_to_decides_once(asked: tuple[Client, str], serve: Serve) -> None:
    server = serve("--name", "t", "--allow-decide")
    for option in ("ever", "Always"):
        refused = server.refusal("answer", question=asked[1], option=option)
        assert refused["code"] == "MAY_NOT_DECIDE"
        params = {"request_id": asked[1], "option": "ever"}
        refused = server.refusal("call", method="approval.decide", params=params)
        assert refused["code"] == "MAY_NOT_DECIDE"
    unknown = server.refusal("answer", question=asked[1], option="maybe")
    assert unknown["code"] == "APPROVAL_OPTION_UNKNOWN"
    assert "yes" in unknown["message"]
    assert state(asked) == "pending"
    told = server.call("answer", question=asked[1], option="Yes", note="go")
    assert (told["answer"], told["note"]) == ("yes", "go")
    again = server.refusal("answer", question=asked[1], option="no")
    assert again["code"] == "APPROVAL_NOT_PENDING"


def test_what_nobody_waits_for_is_not_answered(daemon: DaemonProcess, serve: Serve) -> None:
    with Client(daemon.control_socket) as client:
        client.controller.register(controller_id="mcp-t", label="t", workspace_key="mcp:t")
        worker = client.worker.create(
            controller_id="mcp-t", label="w", launcher="test", profile="p", cwd="/"
        )
        assert worker.socket_path is not None
        with Client(worker.socket_path) as own:
            own.runtime.attach()
            asked = own.approval.request(message="Run it?").request_id
            own.runtime.detach(state="stopped")
        server = serve("--name", "t", "--allow-decide")
        assert server.refusal("answer", question=asked, option="allow")["code"] == "NOBODY_WAITS"
        (shown,) = server.call("inbox")["questions"]
        assert "nobody waits" in shown["note"]
        assert client.approval.get(request_id=asked).state == "pending"


def test_by_a_call_it_decides_within_its_controller_only(
    daemon: DaemonProcess, asked: tuple[Client, str], serve: Serve
) -> None:
    server = serve("--name", "other", "--allow-decide")
    params = {"request_id": asked[1], "option": "yes"}
    assert server.refusal("call", method="approval.decide", params=params)["code"] == "NOT_YOURS"
    assert state(asked) == "pending"
    assert server.call("answer", question=asked[1], option="no")["answer"] == "no"
