"""A daemon that is killed, restarted, or was never there."""

import signal
from pathlib import Path

from penholder.blocking import Client
from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.mcp_server import RawServer, Serve
from tests.helpers.programs import penholder


def test_a_wait_goes_on_over_a_restart(daemon: DaemonProcess, serve: Serve) -> None:
    server = serve()
    asked = server.call("ask", question="?")
    cursor = server.call("status")["cursor"]
    waiting = server.send_call("wait", cursor=cursor, timeout_s=50)
    daemon.restart()
    with Client(daemon.control_socket) as client:
        client.approval.decide(request_id=asked["question"], option="allow")
    found = server.answer(waiting)["result"]["structuredContent"]
    assert [each["type"] for each in found["events"]] == ["approval.decided"]


def test_a_wait_for_an_answer_goes_on_over_a_restart(daemon: DaemonProcess, serve: Serve) -> None:
    server = serve()
    question = server.call("ask", question="?")["question"]
    waiting = server.send_call("wait", question=question, timeout_s=50)
    daemon.restart()
    with Client(daemon.control_socket) as client:
        client.approval.decide(request_id=question, option="deny")
    assert server.answer(waiting)["result"]["structuredContent"]["answer"] == "deny"


def test_acts_go_on_over_a_restart(daemon: DaemonProcess, serve: Serve) -> None:
    server = serve()
    first = server.call("ask", question="one")
    daemon.restart()
    second = server.call("ask", question="two")
    assert {each["question"] for each in server.call("inbox")["questions"]} == {
        first["question"], second["question"],
    }  # fmt: skip
    assert server.call("status")["controller"]["owned"]
    assert server.end() == (0, "")


def test_without_a_daemon_it_says_so_and_goes_on(daemon: DaemonProcess, serve: Serve) -> None:
    daemon.stop()
    server = serve()
    assert server.call("status")["daemon"].startswith("away: ")
    refused = server.refusal("list_workers")
    assert (refused["code"], refused["retryable"]) == ("DAEMON_UNREACHABLE", True)
    assert "start_worker" in refused["what_to_do"]
    assert server.ask("resources/list")["error"]["code"] == -32603
    daemon.start()
    assert server.call("list_workers")["workers"] == []


def test_a_start_brings_a_daemon(short_dir: Path) -> None:
    nobody = DaemonProcess(short_dir)
    server = RawServer(nobody, "--name", "t")
    try:
        started = server.call("start_worker", command=["true"], name="w")
        assert started["controller_id"] == "mcp-t"
        assert penholder(nobody, "status").code == 0
    finally:
        server.clean_up()
        assert penholder(nobody, "down").code == 0


def test_a_cursor_of_another_history_is_told(serve: Serve) -> None:
    refused = serve().refusal("read_events", cursor=10**12)
    assert refused["code"] == "CURSOR_GONE"
    assert "cursor" in refused["what_to_do"]


def test_a_daemon_that_hangs_is_told_with_what_to_do(daemon: DaemonProcess, serve: Serve) -> None:
    server = serve()
    assert server.call("list_workers")["workers"] == []
    daemon.send_signal(signal.SIGSTOP)
    try:
        refusals = [server.refusal(tool) for tool in ("list_workers", "inbox")]
    finally:
        daemon.send_signal(signal.SIGCONT)
    assert {each["code"] for each in refusals} == {"CONNECTION_LOST"}
    assert all(f"kill -CONT {daemon.pid}" in each["what_to_do"] for each in refusals)
    assert server.call("list_workers")["workers"] == []
