"""What `call` serves and what it never does, tried with every method that there is."""

import pytest

from penholder.blocking import Client
from penholder.cli.contract import contract
from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.mcp_server import Serve

OF_WORKERS = {
    "worker.create", "worker.transition", "worker.stop", "worker.remove", "worker.send",
    "worker.set_turn", "worker.set_session", "worker.set_endpoint", "worker.clear_endpoint",
    "worker.heartbeat", "event.append", "event.append_many", "approval.request", "approval.decide",
    "approval.cancel", "handoff.register",
}  # fmt: skip
"""The mutations whose subject is a worker; one that is new has to be thought of here."""


def test_no_other_mutation_is_served_and_no_method_of_the_daemon(serve: Serve) -> None:
    server = serve()
    listed = {line.partition("(")[0] for line in server.call("call")["methods"]}
    methods = {each.name: each for each in contract().methods}
    assert listed < {*methods}
    assert {name for name in listed if methods[name].kind == "mutation"} == OF_WORKERS
    for room in ("daemon", "controller", "runtime", "tx"):
        assert not [name for name in listed if name.startswith(f"{room}.")]
    for name in {*methods} - listed:
        assert server.refusal("call", method=name)["code"] == "NOT_CALLABLE"


def test_refused_methods_change_nothing(daemon: DaemonProcess, serve: Serve) -> None:
    server = serve()
    with Client(daemon.control_socket) as client:
        before = client.journal.position().pos
        for method, params in (
            ("daemon.shutdown", {}),
            ("daemon.backup", {"path": "/tmp/x"}),
            ("controller.acquire", {"controller_id": "mcp-t", "takeover": True}),
            ("controller.release", {"controller_id": "mcp-t", "force": True}),
            ("tx.apply", {"calls": [{"method": "worker.stop", "params": {"worker_id": "w"}}]}),
            ("runtime.attach", {"takeover": True}),
            ("queue.submit", {"tenant_id": "t", "project_id": "p", "queue": "q"}),
            ("message.publish", {"topic": "t", "kind": "k"}),
        ):
            server.refusal("call", method=method, params=params)
            server.refusal("call", method=method.upper(), params=params)
            server.refusal("call", method=f" {method}", params=params)
        assert client.journal.position().pos == before
        assert client.daemon.health().ready


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("worker.stop", {"worker_id": "theirs"}),
        ("worker.stop", {"worker_id": "theirs", "force": True}),
        ("worker.remove", {"worker_id": "theirs"}),
        ("worker.send", {"worker_id": "theirs", "kind": "text"}),
        ("event.append", {"worker_id": "theirs", "type": "x"}),
        ("approval.request", {"worker_id": "theirs", "message": "?"}),
        ("approval.cancel", {"worker_id": "theirs", "request_id": "QUESTION"}),
        ("approval.cancel", {"request_id": "QUESTION"}),
        ("handoff.register",
         {"worker_id": "theirs", "handoff_path": "/h", "checkpoint_path": "/c"}),
        ("worker.create",
         {"controller_id": "c", "label": "l", "launcher": "l", "profile": "p", "cwd": "/"}),
    ],
)  # fmt: skip
def test_only_workers_of_the_held_controller_are_changed(
    daemon: DaemonProcess, serve: Serve, method: str, params: dict[str, object]
) -> None:
    with Client(daemon.control_socket) as client:
        client.controller.register(controller_id="c", label="c", workspace_key="/c")
        client.worker.create(
            worker_id="theirs", controller_id="c", label="l", launcher="l", profile="p", cwd="/"
        )
        question = client.approval.request(worker_id="theirs", message="?").request_id
        given = {k: question if v == "QUESTION" else v for k, v in params.items()}
        before = client.journal.position().pos
        assert serve().refusal("call", method=method, params=given)["code"] == "NOT_YOURS"
        assert client.journal.position().pos == before


def test_changes_of_its_own_workers_are_fenced(daemon: DaemonProcess, serve: Serve) -> None:
    server = serve()
    made = server.call(
        "call",
        method="worker.create",
        params={"label": "l", "launcher": "l", "profile": "p", "cwd": "/"},
    )["result"]
    assert made["controller_id"] == "mcp-t"
    about = {"worker_id": made["worker_id"]}
    forged = {**about, "fence": {"epoch": 1, "token": "x" * 40}}
    assert server.refusal("call", method="worker.stop", params=forged)["code"] == "INVALID_PARAMS"
    assert server.refusal("call", method="worker.stop")["code"] == "INVALID_PARAMS"
    with (
        Client(daemon.control_socket) as client,
        client.controller.owned("mcp-t", takeover=True),
    ):
        refused = server.refusal("call", method="worker.heartbeat", params=about)
        assert refused["code"] == "FENCED"
    assert server.call("call", method="worker.stop", params=about)["result"]["state"] == "stopped"


def test_it_tells_of_a_method(serve: Serve) -> None:
    server = serve()
    told = server.call("call", method="worker.send", describe=True)["method"]
    assert [each["name"] for each in told["params"]][:2] == ["worker_id", "kind"]
    assert server.refusal("call", method="worker.sned")["message"].count("worker.send")


def test_no_call_waits_longer_than_a_client(serve: Serve) -> None:
    params = {"streams": ["daemon"], "after": 0, "timeout_ms": 50_001}
    refused = serve().refusal("call", method="journal.wait", params=params)
    assert (refused["code"], "50000" in refused["message"]) == ("INVALID_PARAMS", True)


def test_numbers_keep_their_digits_and_too_much_is_refused(serve: Serve) -> None:
    server = serve()
    made = server.call(
        "call",
        method="worker.create",
        params={"label": "l", "launcher": "l", "profile": "p", "cwd": "/"},
    )["result"]
    large = {"worker_id": made["worker_id"], "type": "x", "data": {"n": 2**64, "x": "y" * 200_000}}
    refused = server.refusal("call", method="event.append", params=large)
    assert refused["code"] == "RESULT_TOO_LARGE"
    small = {**large, "data": {"n": 2**64}}
    found = server.call("call", method="event.append", params=small)["result"]
    assert found["data"] == {"n": 2**64}
    (first, _) = server.call("read_events", worker=made["worker_id"], types=["*"])["events"]
    assert (first["data_bytes"] > 200_000, "data" in first) == (True, False)
