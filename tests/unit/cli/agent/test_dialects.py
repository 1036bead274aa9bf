"""Two versions of the protocol, made one: who an agent is, and what it asks."""

import msgspec
import pytest

from penholder.cli.agent import dialects
from penholder.cli.agent.dialects import DIALECTS, Agent, Option

OPTIONS = [{"optionId": "a", "name": "Allow", "kind": "allow_once"}]
INFO = {"name": "x", "version": "1"}


def raw(value: object) -> msgspec.Raw:
    """Return a value as it comes."""
    return msgspec.Raw(msgspec.json.encode(value))


@pytest.mark.parametrize(
    ("answer", "version", "can_resume"),
    [
        ({"protocolVersion": 1}, 1, False),
        ({"protocolVersion": 2, "info": INFO, "capabilities": {"session": {}}}, 2, True),
        # It says back what it was offered.
        ({"protocolVersion": 2, "agentCapabilities": {"loadSession": True}}, 1, False),
        ({"protocolVersion": 2}, 1, False),
        ({"protocolVersion": 3, "info": INFO}, 3, False),
    ],
)
def test_the_version_is_that_of_the_form(
    answer: dict[str, object], version: int, *, can_resume: bool
) -> None:
    agent = dialects.agent_of(raw(answer))

    assert (agent.version, agent.can_resume) == (version, can_resume)


@pytest.mark.parametrize(
    ("meta", "steering"),
    [
        ({"steering": {"supported": True}}, "_session/steering"),
        ({"steering": {"supported": "true"}}, None),
        ({"steering": True}, None),
        ({}, None),
        (None, None),
    ],
)
def test_who_can_be_steered_says_so(meta: object, steering: str | None) -> None:
    assert dialects.agent_of(raw({"protocolVersion": 1, "_meta": meta})).steering == steering


def test_in_version_2_a_prompt_steers_where_nothing_else_is_said() -> None:
    answer = {"protocolVersion": 2, "info": INFO}
    assert dialects.agent_of(raw(answer)).steering == "session/prompt"
    meta = {"steering": {"supported": True}}
    assert dialects.agent_of(raw({**answer, "_meta": meta})).steering == "_session/steering"


@pytest.mark.parametrize(
    ("outcome", "is_steered"),
    [("injected", True), ("startedNewTurn", True), ("promptRequired", False), ("failed", False)],
)
def test_what_the_agent_says_of_it_decides(outcome: str, *, is_steered: bool) -> None:
    agent = Agent(1, steering="_session/steering")
    assert dialects.is_steered(agent, raw({"outcome": outcome})) == is_steered
    assert not dialects.is_steered(agent, raw({}))


def test_a_command_is_shown_to_whom_it_is_asked() -> None:
    subject: dict[str, object] = {
        "type": "command",
        "command": "rm -r x",
        "cwd": "/w",
        "toolCallId": "c1",
    }
    about: dict[str, object] = {
        "sessionId": "s",
        "title": "May I?",
        "subject": subject,
        "options": OPTIONS,
    }

    asked = DIALECTS[2].permission(raw(about))

    assert asked is not None
    assert (asked.title, asked.kind) == ("May I?\nrm -r x (in /w)", "execute")
    another = DIALECTS[2].permission(raw({**about, "subject": {**subject, "command": "rm -r y"}}))
    assert another is not None
    assert another.about != asked.about  # a yes to one is none to the other


def test_a_tool_call_is_what_it_is_about_whatever_its_words() -> None:
    call = {"toolCallId": "c1", "kind": "edit"}
    subject = {"type": "tool_call", "toolCall": call}
    asked = [
        DIALECTS[2].permission(
            raw({"sessionId": "s", "title": title, "subject": subject, "options": OPTIONS})
        )
        for title in ("May I?", "May I, please?")
    ]
    assert [each and (each.about, each.kind) for each in asked] == [("c1", "edit")] * 2


def test_questions_about_nothing_known_are_the_same_only_in_the_same_words() -> None:
    one, other = (
        DIALECTS[2].permission(raw({"sessionId": "s", "title": title, "options": OPTIONS}))
        for title in ("May I read?", "May I write?")
    )
    assert one is not None
    assert other is not None
    assert one.about != other.about


def test_options_of_both_versions_have_values_in_groups_or_not() -> None:
    values = [{"value": "a", "name": "A"}, {"group": "g", "name": "G", "options": [{"value": "b"}]}]
    option = {"name": "Model", "category": "model", "options": values}

    first = DIALECTS[1].session(raw({"sessionId": "s", "configOptions": [{**option, "id": "m"}]}))
    second = DIALECTS[2].session(
        raw({"sessionId": "s", "configOptions": [{**option, "configId": "m"}]})
    )

    assert first.options == second.options == [Option("m", "model", ["a", "b"])]
