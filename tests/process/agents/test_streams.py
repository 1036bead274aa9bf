"""What an agent says: all of it, in order, once, whatever it is and whoever is killed."""

import base64
import hashlib
import json

from tests.helpers.agents import Agents
from tests.helpers.waiting import until


def test_nothing_is_lost_or_doubled_over_a_kill_of_the_daemon(agents: Agents) -> None:
    count = 3000
    agent = agents.start("--chunks", str(count))
    agent.send("go")
    agent.wait_for("acp.agent_message_chunk")
    for _ in range(3):
        agents.daemon.restart()

    assert agent.outcome()["outcome"] == "completed"

    told = []
    after = 0
    while page := agent.ask("event.list", after_seq=after, limit=1000)["items"]:
        told += page
        after = page[-1]["event_seq"]
    said = [
        each["data"]["content"]["text"]
        for each in told
        if each["type"] == "acp.agent_message_chunk"
    ]
    chunks = [f"chunk {number}\n" for number in range(1, count)]
    assert said == ["you said: go\n", *chunks, "done: all\n"]


def test_what_nobody_knows_is_kept_as_it_came_and_stops_nothing(agents: Agents) -> None:
    agent = agents.start("--odd", prompt="go")

    assert agent.outcome()["outcome"] == "completed"

    assert agent.events("acp.hologram")[0]["data"] == {"sessionUpdate": "hologram", "depth": 3}
    (answer,) = agent.events("acp.answer")
    assert answer["data"]["id"] == 4711
    (gossip,) = agent.events("acp.notification")
    assert gossip["data"]["params"] == {"a": 1}
    (request,) = agent.events("acp.request")
    assert request["data"]["method"] == "fs/read_text_file"
    assert agent.events("acp.unknown")[0]["data"] == {"value": 7}
    (deep,) = agent.events("acp.deep")
    assert deep["data"]["unstorable"]
    assert json.loads(deep["data"]["text"])["sessionUpdate"] == "deep"
    assert agent.events("acp.half")[0]["data"]["x"] == "\ufffd"
    outputs = [event["data"] for event in agent.events("output")]
    assert {"stream": "stdout", "text": "a line for people"} in outputs


def test_a_large_update_is_a_blob_beside_its_event(agents: Agents) -> None:
    agent = agents.start("--large", prompt="go")
    assert agent.outcome()["outcome"] == "completed"

    (event,) = agent.events("acp.tool_call_update")

    assert event["data"]["title"] == "Large"
    (blob_id,) = event["blobs"]
    content, offset = b"", 0
    with agents.daemon.connect() as control:
        while True:
            part = control.call("blob.get", blob_id=blob_id, offset=offset)
            content += base64.b64decode(part["bytes_base64"])
            offset = len(content)
            if part["eof"]:
                break
    assert event["data"]["size_bytes"] == len(content) > 5 << 20
    assert blob_id == f"sha256-{hashlib.sha256(content).hexdigest()}"
    assert json.loads(content)["rawOutput"]["text"] == "x" * (5 << 20)


def test_the_summary_says_turn_plan_tool_tokens_and_cost(agents: Agents) -> None:
    agent = agents.start("--usage", "--asks", "1", prompt="write it")
    (question,) = agent.asked()
    with agents.daemon.connect() as control:
        while "plan" not in (found := control.call("worker.overview")["items"][0]["summary"]):
            agent.wait_for("summary", len(agent.events("summary")) + 1)
    assert found["turn"] == "turn-1"
    assert found["prompt"] == "write it"
    assert found["tool"] == "Write file 1"
    assert found["plan"] == {"done": 0, "steps": 1, "at": "first"}
    assert found["cost"] == {"amount": 0.25, "currency": "USD"}

    agent.decide(question["request_id"], "allow")

    totals = agent.outcome()["totals"]
    assert (totals["input_tokens"], totals["output_tokens"]) == (20, 10)
    assert totals["cost"] == {"amount": 0.25, "currency": "USD"}
    assert "30 tokens, context 1000 of 200000, 0.2500 USD" in agent.say("show").out


def test_ps_shows_what_an_agent_is_at(agents: Agents) -> None:
    agent = agents.start("--usage", "--asks", "1", prompt="write it")
    (question,) = agent.asked()
    agent.decide(question["request_id"], "allow")
    agent.outcome()
    # The summary comes a second after the last one.
    until(lambda: agent.events("summary")[-1]["data"].get("tokens") == 30, "it is not summed up")

    (listed,) = agents.say("ps", "--json").json

    assert listed["last_text"] == "idle: write it · 0/1 · 30 tokens · 0.25 USD"
    assert not listed["silent"]
    assert not agents.say("ps", "--stall-after", "0s", "--json").json[0]["silent"]


def test_inbox_and_timeline_show_what_an_agent_is_at(agents: Agents) -> None:
    agent = agents.start("--usage", "--asks", "1", prompt="write it")
    (question,) = agent.asked()
    until(lambda: "tool" in agent.events("summary")[-1]["data"], "it is not summed up")

    shown = agents.say("inbox").out.splitlines()

    assert question["request_id"] in shown[0]
    said = ["turn-1: write it", "runs Write file 1", "plan 0 of 1, at first"]
    said += ["context 1000 of 200000, 0.25 USD"]
    assert " ".join(line.strip() for line in shown[1:-4]) == " · ".join(said)
    agent.decide(question["request_id"], "allow")
    agent.outcome()
    drawn = agents.say("timeline", "-o", "-").out
    for told in ("asked: write it", "completed", "30 tokens, 0.25 USD by then", "plan 0 of 1"):
        assert told in drawn


def test_the_conversation_is_shown_with_its_tools_folded(agents: Agents) -> None:
    agent = agents.start("--asks", "1", prompt="go")
    agent.asked()
    assert agents.say("approve", agent.worker_id).code == 0
    agent.outcome()

    shown = agent.say("show")

    assert shown.out.splitlines()[:5] == [
        "> go", "you said: go", "? Write file 1 [Allow, Always, Reject]", "! allow", "done: allow",
    ]  # fmt: skip
    records = agent.say("show", "--json").json
    assert [each["type"] for each in records][:3] == ["session.opened", "summary", "turn.started"]
