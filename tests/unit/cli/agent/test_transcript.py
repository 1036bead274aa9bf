"""A conversation as text: pieces, whole messages, what was said within a turn."""

import msgspec

from penholder.cli.agent.transcript import Transcript
from penholder_protocol.nouns import Entry

TEXT = "acp.agent_message_chunk"
WHOLE = "acp.agent_message"


def shown(*told: tuple[str, dict[str, object]]) -> str:
    """Return the text of entries."""
    transcript = Transcript()
    return "".join(transcript.take(entry(*each)) for each in told) + transcript.end()


def entry(type_: str, data: dict[str, object]) -> Entry:
    """Return an entry of a stream."""
    return Entry(
        entry_id="evt_1",
        pos=1,
        stream="worker:w_1",
        seq=1,
        ts="2026-11-29T00:00:00.000000Z",
        type=type_,
        turn_id="turn-1",
        data=msgspec.Raw(msgspec.json.encode(data)),
        raw=msgspec.Raw(b"null"),
        request_id=None,
    )


def piece(text: str, message: str) -> tuple[str, dict[str, object]]:
    """Return a piece of a message."""
    return TEXT, {"messageId": message, "content": {"type": "text", "text": text}}


def whole(text: str, message: str) -> tuple[str, dict[str, object]]:
    """Return all of a message."""
    return WHOLE, {"messageId": message, "content": [{"type": "text", "text": text}]}


def test_a_whole_message_adds_what_its_pieces_left_out() -> None:
    assert (
        shown(piece("Hel", "m1"), piece("lo", "m1"), whole("Hello there", "m1")) == "Hello there\n"
    )


def test_a_whole_message_of_its_own_has_lines_of_its_own() -> None:
    assert shown(piece("One", "m1"), whole("Two\n", "m2"), piece("Three", "m3")) == (
        "One\nTwo\nThree\n"
    )


def test_a_message_that_became_another_is_shown_anew() -> None:
    assert shown(piece("Helo", "m1"), whole("Hello", "m1")) == "Helo\nHello\n"


def test_a_message_that_says_nothing_shows_nothing() -> None:
    assert shown((WHOLE, {"messageId": "m1", "content": None}), (WHOLE, {"messageId": "m1"})) == ""


def test_what_is_said_within_a_turn_is_told_from_what_began_it() -> None:
    told = [
        ("turn.started", {"seq": 1, "text": "go"}),
        ("turn.steered", {"seq": 2, "text": "left"}),
        ("turn.unsteered", {"seq": 2, "reason": "busy"}),
    ]
    assert shown(*told) == "> go\n>> left\n# not within the turn, so the next one: busy\n"


def test_a_plan_and_a_question_of_version_2_are_shown() -> None:
    entries = [{"content": "look", "status": "in_progress"}]
    plan: dict[str, object] = {"type": "items", "planId": "p", "entries": entries}
    question: dict[str, object] = {"title": "May I?", "options": [{"name": "Allow"}]}

    assert shown(("acp.plan_update", {"plan": plan}), ("permission.request", question)) == (
        "[>] look\n? May I? [Allow]\n"
    )
