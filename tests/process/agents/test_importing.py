"""Session files from elsewhere: files of ours, made after what is documented of the formats."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from penholder._generated.event import EventCalls
from penholder.blocking import Client
from penholder.cli.agent import importing
from penholder_protocol.nouns import Event
from tests.helpers.agents import Agents

KEY = "sk-" + "a1" * 20
CLAUDE: list[Any] = [
    {"type": "summary", "sessionId": "c-1"},
    {"type": "user", "sessionId": "c-1", "cwd": "/w", "timestamp": "2026-01-02T03:04:05Z",
     "message": {"role": "user", "content": f"use {KEY} and fix it"}},
    {"type": "assistant", "sessionId": "c-1", "message": {"content": [
        {"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "I look."},
        {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"api_key": "x", "cmd": "ls"}}]}},
    {"type": "user", "sessionId": "c-1", "message": {"content": [
        {"type": "tool_result", "tool_use_id": "t1", "content": "a", "is_error": True}]}},
]  # fmt: skip
CODEX: list[Any] = [
    {"type": "session_meta", "payload": {"id": "x-1", "cwd": "/v"}},
    {"type": "response_item", "payload": {"type": "message", "role": "user", "content": [
        {"type": "input_text", "text": "<environment_context>…</environment_context>"},
        {"type": "input_text", "text": "what is 2+2?"}]}},
    {"type": "response_item", "payload": {"type": "function_call", "call_id": "f1",
                                          "name": "shell", "arguments": "{}"}},
    {"type": "response_item", "payload": {"type": "function_call_output", "call_id": "f1",
                                          "output": "4"}},
    {"type": "response_item", "payload": {"type": "message", "role": "assistant", "content": [
        {"type": "output_text", "text": "4"}]}},
    {"type": "event_msg", "payload": {"type": "token_count"}},
]  # fmt: skip


def written(directory: Path, lines: list[Any], name: str = "session.jsonl") -> str:
    """Write a file."""
    file = directory / name
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return str(file)


def shown(agents: Agents, name: str) -> list[str]:
    """Return the conversation of a worker."""
    return agents.say("agent", "show", name).out.splitlines()


def test_a_session_of_claude_is_a_worker_that_has_ended(agents: Agents, tmp_path: Path) -> None:
    ran = agents.say("agent", "import", written(tmp_path, CLAUDE))

    assert (ran.code, ran.err) == (0, "")
    name, count, _ = ran.out.split()
    assert count == "5"
    assert shown(agents, name)[:3] == ["> use [redacted] and fix it", "I look.", "x Bash"]
    with agents.daemon.connect() as control:
        (worker,) = control.call("worker.list")["items"]
        events = control.call("event.list", worker_id=worker["worker_id"])["items"]
    assert (worker["state"], worker["launcher"], worker["cwd"]) == ("stopped", "import", "/w")
    assert events[0]["type"] == "import.source"
    assert events[1]["data"]["at"] == "2026-01-02T03:04:05Z"
    assert events[3]["data"]["rawInput"] == {"api_key": "[redacted]", "cmd": "ls"}
    assert KEY not in json.dumps(events)


def test_a_session_of_codex_is_read_without_what_its_program_adds(
    agents: Agents, tmp_path: Path
) -> None:
    ran = agents.say("agent", "import", written(tmp_path, CODEX))

    assert (ran.code, ran.err) == (0, "")
    assert shown(agents, ran.out.split()[0])[:3] == ["> what is 2+2?", "+ shell", "4"]


def test_again_nothing_is_doubled_and_what_has_grown_is_added(
    agents: Agents, tmp_path: Path
) -> None:
    name = agents.say("agent", "import", written(tmp_path, CLAUDE[:2])).out.split()[0]

    assert agents.say("agent", "import", written(tmp_path, CLAUDE[:2])).out == f"{name} 0 events\n"
    assert agents.say("agent", "import", written(tmp_path, CLAUDE)).out == f"{name} 3 events\n"
    assert agents.say("agent", "import", written(tmp_path, CLAUDE)).out == f"{name} 0 events\n"


def test_two_at_once_double_nothing(
    agents: Agents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = importing.read(written(tmp_path, CLAUDE[1:2] * 250))
    with Client(agents.daemon.control_socket) as one, Client(agents.daemon.control_socket) as two:
        one.controller.register(controller_id="main", label="main", workspace_key="/w")
        latest = EventCalls.latest

        def latest_before_the_other(calls: EventCalls, worker_id: str) -> Event | None:
            found = latest(calls, worker_id=worker_id)
            monkeypatch.undo()
            importing.put(two, session, "main", None)
            return found

        monkeypatch.setattr(EventCalls, "latest", latest_before_the_other)
        worker = importing.put(one, session, "main", None).worker
        stored = two.event.latest(worker_id=worker.worker_id)

    assert stored is not None
    assert stored.event_seq == 251


def test_a_bad_line_spoils_no_other(agents: Agents, tmp_path: Path) -> None:
    file = written(tmp_path, CLAUDE)
    content = Path(file).read_bytes().splitlines(keepends=True)
    deep = b'{"type":"user","sessionId":"c-1","message":' + b"[" * 5000 + b"]" * 5000 + b"}\n"
    bad = [b"\xff\n", b'{"half":\n', b"7\n", deep, b"x" * (9 << 20) + b"\n"]
    Path(file).write_bytes(b"".join([content[0], *bad, *content[1:]]))

    ran = agents.say("agent", "import", file)

    assert ran.code == 0
    assert ran.out.endswith(" 5 events\n")
    assert "5 lines were not understood" in ran.err


def test_a_large_text_is_cut_and_said_to_be(agents: Agents, tmp_path: Path) -> None:
    long = {"type": "user", "sessionId": "c-2", "message": {"content": "y" * 400_000}}

    ran = agents.say("agent", "import", written(tmp_path, [long]))

    assert ran.code == 0
    with agents.daemon.connect() as control:
        (worker,) = control.call("worker.list")["items"]
        events = control.call("event.list", worker_id=worker["worker_id"])["items"]
    assert events[1]["data"]["size_bytes"] > 400_000
    assert len(events[1]["data"]["text"]) == 8192


@pytest.mark.parametrize("what", ["link", "pipe", "directory", "missing", "other"])
def test_what_is_no_session_file_of_ones_own_is_refused_and_the_next_is_read(
    agents: Agents, tmp_path: Path, what: str
) -> None:
    good, bad = written(tmp_path, CODEX, "good"), tmp_path / "bad"
    if what == "link":
        bad.symlink_to(good)
    elif what == "pipe":
        os.mkfifo(bad)
    elif what == "directory":
        bad.mkdir()
    elif what == "other":
        bad.write_text('{"a": 1}\n')

    ran = agents.say("agent", "import", str(bad), good)

    assert ran.code == 1
    assert "bad" in ran.err
    assert ("name the file itself" in ran.err) == (what == "link")
    assert ran.out.endswith(" 5 events\n")
