"""What a client may say wrong, or too much of, and what goes out: protocol and nothing else."""

import json

import pytest

from penholder.blocking import Client
from penholder.cli.mcp.command import skill
from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.mcp_server import ENVELOPE, Serve
from tests.helpers.programs import penholder
from tests.helpers.waiting import until

SHAKE = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "x"}}
MIB = 1 << 20


@pytest.mark.parametrize(
    ("wanted", "agreed"),
    [("2024-11-05", "2024-11-05"), ("2025-06-18", "2025-06-18"), ("2099-01-01", "2025-11-25")],
)
def test_a_handshake_agrees_on_a_version(serve: Serve, wanted: str, agreed: str) -> None:
    answer = serve().ask("initialize", {**SHAKE, "protocolVersion": wanted})["result"]
    assert answer["protocolVersion"] == agreed
    assert answer["serverInfo"]["name"] == "penholder"
    assert not {"resultType", "ttlMs", "_meta"} & {*answer}


def test_the_newer_era_needs_no_handshake(serve: Serve) -> None:
    server = serve()
    found = server.ask("server/discover", {"_meta": ENVELOPE})["result"]
    assert found["supportedVersions"] == ["2026-07-28"]
    assert (found["resultType"], found["cacheScope"]) == ("complete", "private")
    assert found["_meta"]["io.modelcontextprotocol/serverInfo"]["name"] == "penholder"
    listed = server.ask("tools/list", {"_meta": ENVELOPE})["result"]
    assert listed["ttlMs"] > 0
    called = {"name": "status", "arguments": {}, "_meta": ENVELOPE}
    assert server.ask("tools/call", called)["result"]["resultType"] == "complete"


def test_an_unknown_version_is_told_what_is_known(serve: Serve) -> None:
    meta = {**ENVELOPE, "io.modelcontextprotocol/protocolVersion": "2030-01-01"}
    error = serve().ask("tools/list", {"_meta": meta})["error"]
    assert error["code"] == -32022
    assert error["data"] == {"supported": ["2026-07-28"], "requested": "2030-01-01"}


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"{", -32700),
        (b"nonsense", -32700),
        (b'{"jsonrpc":"2.0","id":7,"method":"ping","params":{"a":"\xff"}}', -32700),
        (b"[]", -32600),
        (b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]', -32600),
        (b"7", -32600),
        (b'{"id":7,"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":7,"method":7}', -32600),
        (b'{"jsonrpc":"2.0","id":7,"method":"ping","params":7}', -32600),
        (b'{"jsonrpc":"2.0","id":7,"method":"ping","params":[1]}', -32602),
        (b'{"jsonrpc":"2.0","id":7,"method":"ping","params":{"_meta":7}}', -32602),
        (b'{"jsonrpc":"2.0","id":7,"method":"no/such"}', -32601),
        (b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"no"}}', -32602),
        (b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":7}}', -32602),
        (b'{"jsonrpc":"2.0","id":7,"method":"resources/read","params":{"uri":"x:"}}', -32002),
        (b"[" * 100_000, -32600),
        (b'{"jsonrpc":"2.0","id":7,"method":"ping","params":{"a":' + b"[" * 60_000 + b"]" * 60_000
         + b"}}", -32600),
    ],
    ids=lambda value: repr(value)[:60],
)  # fmt: skip
def test_what_is_said_wrong_is_refused_and_forgiven(serve: Serve, line: bytes, code: int) -> None:
    server = serve()
    server.write(line + b"\n")
    assert server.read()["error"]["code"] == code
    assert server.ask("ping")["result"] == {}


def test_what_is_nobodys_is_let_lie(serve: Serve) -> None:
    server = serve()
    for line in (
        b"",
        b"   ",
        b'{"jsonrpc":"2.0","id":7,"result":{}}',
        b'{"jsonrpc":"2.0","id":7,"error":{"code":1,"message":"x"}}',
        b'{"jsonrpc":"2.0","method":"notifications/initialized"}',
        b'{"jsonrpc":"2.0","method":"notifications/no/such","params":{}}',
        b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":99}}',
        b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":[]}}',
    ):
        server.write(line + b"\n")
    assert server.ask("ping")["result"] == {}
    assert server.seen == []


@pytest.mark.parametrize(
    "members",
    [
        '"jsonrpc":"2.0","id":7,"method":"tools/call","params":{params}',
        '"method":"tools/call","params":{params},"jsonrpc":"2.0","id":7',
        '"method":"tools/call","params":{params},"id":7',
    ],
)
def test_a_line_that_is_too_long_is_refused_under_its_id(serve: Serve, members: str) -> None:
    server = serve()
    params = json.dumps({"name": "status", "arguments": {"id": 9, "x": "y" * (3 * MIB)}})
    server.write(b"{" + members.replace("{params}", params).encode() + b"}\n")
    refused = server.read()
    assert refused["id"] == 7
    assert "too long" in refused["error"]["message"]
    assert server.ask("ping")["result"] == {}


def test_a_line_that_never_ends_takes_no_more_than_a_lines_memory(serve: Serve) -> None:
    server = serve()
    server.ask("ping")
    for _ in range(64):
        server.write(b"x" * MIB)
    server.write(b"\n")
    assert "too long" in server.read()["error"]["message"]
    with open(f"/proc/{server.pid}/status") as status:
        (peak,) = [int(line.split()[1]) for line in status if line.startswith("VmHWM")]
    assert peak < 80 * 1024


def test_ids_come_back_as_they_were(serve: Serve) -> None:
    server = serve()
    server.write(b'{"jsonrpc":"2.0","id":"a\\u00e9","method":"ping"}\n')
    assert server.line() == b'{"jsonrpc":"2.0","id":"a\\u00e9","result":{}}'


def test_a_canceled_request_ends_at_once_and_has_no_answer(serve: Serve) -> None:
    server = serve()
    waiting = server.send_call("wait", timeout_s=50)
    server.call("status")
    server.notify("notifications/cancelled", {"requestId": waiting, "reason": "enough"})
    server.call("status")
    # Its id is free again: it has ended.
    message = {"jsonrpc": "2.0", "id": waiting, "method": "tools/call"}
    params = {"name": "wait", "arguments": {"timeout_s": 0}}

    def is_free() -> bool:
        server.write(json.dumps({**message, "params": params}).encode() + b"\n")
        return "result" in server.answer(waiting)

    until(is_free)
    assert all("result" not in each for each in server.seen)


def test_many_requests_at_once(serve: Serve) -> None:
    server = serve()
    waiting = [server.send_call("wait", timeout_s=50) for _ in range(70)]
    refused = [server.answer(each) for each in waiting[64:]]
    assert {each["error"]["code"] for each in refused} == {-32600}
    assert server.ask("ping")["result"] == {}
    for each in waiting[:64]:
        server.notify("notifications/cancelled", {"requestId": each})
    until(lambda: "result" in server.answer(server.send_call("status")))


def test_progress_is_told_to_who_asks(serve: Serve) -> None:
    server = serve(first="import penholder.cli.mcp.tools.patience as p; p.PART_S = 0.05")
    params = {"name": "wait", "arguments": {"timeout_s": 1}, "_meta": {"progressToken": "p"}}
    assert "result" in server.ask("tools/call", params)
    told = [each["params"] for each in server.seen]
    assert {each["progressToken"] for each in told} == {"p"}
    done = [each["progress"] for each in told]
    assert len(done) > 3
    assert done == sorted(done)
    server.seen.clear()
    server.call("wait", timeout_s=0.3)
    assert server.seen == []


NOISE = """
import os, subprocess
from penholder.cli.mcp.tools import overview
plain = overview._of_daemon
def noisy(job):
    print("noise")
    os.write(1, b"more noise\\n")
    subprocess.run(["sh", "-c", "echo child; cat"], check=True)
    return plain(job)
overview._of_daemon = noisy
"""


def test_whatever_is_printed_stdout_is_the_protocols(serve: Serve) -> None:
    server = serve(first=NOISE)
    assert server.call("status")["daemon"] == "there"
    code, told = server.end()
    assert (code, told.split()) == (0, ["noise", "more", "noise", "child"])


def test_a_fault_of_ours_is_told_and_ends_nothing(serve: Serve) -> None:
    server = serve(
        first="import penholder.cli.mcp.tools.overview as o; o._of_daemon = lambda job: 1 / 0"
    )
    assert server.refusal("status")["code"] == "INTERNAL_ERROR"
    assert server.ask("ping")["result"] == {}
    assert "ZeroDivisionError" in server.end()[1]


def test_a_client_that_does_not_read_is_waited_for(serve: Serve) -> None:
    server = serve()
    asked = [server.send("tools/list") for _ in range(60)]
    for _ in range(5_000):
        asked.append(server.send("ping"))
    for each in asked[60:]:
        server.answer(each)
    assert server.ask("ping")["result"] == {}


def test_the_skill_is_a_text(daemon: DaemonProcess) -> None:
    ran = penholder(daemon, "mcp", "--skill")
    assert (ran.code, ran.err, ran.out) == (0, "", skill())
    assert ran.out.startswith("---\nname: penholder\n")
    assert "penholder ask" in ran.out


@pytest.mark.parametrize(
    "words",
    [("--name", ""), ("--name", "-x"), ("--name", "a b"), ("--name", "x" * 65),
     ("--controller", "a/b"), ("--at", "ssh://x"), ("what",)],
)  # fmt: skip
def test_wrong_words_are_refused(daemon: DaemonProcess, words: tuple[str, ...]) -> None:
    ran = penholder(daemon, "mcp", *words)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err


def test_who_subscribes_is_told_of_changes_until_it_unsubscribes(
    daemon: DaemonProcess, serve: Serve
) -> None:
    server = serve()
    uri = "penholder://stream/controller:c"
    refused = server.ask("resources/subscribe", {"uri": "penholder://stream/no:such:thing"})
    assert refused["error"]["code"] == -32603
    assert server.ask("resources/subscribe", {"uri": uri})["result"] == {}
    with Client(daemon.control_socket) as client:

        def is_told() -> bool:
            client.controller.register(controller_id="c", label="c", workspace_key="/c")
            server.ask("ping")
            return bool(server.seen)

        until(is_told)
        assert server.seen[0]["method"] == "notifications/resources/updated"
        assert server.seen[0]["params"] == {"uri": uri}
        assert server.ask("resources/unsubscribe", {"uri": uri})["result"] == {}
        server.seen.clear()
        for _ in range(3):
            client.controller.register(controller_id="c", label="c", workspace_key="/c")
            server.call("wait", timeout_s=0.2)
    assert server.seen == []
    assert server.end() == (0, "")
