"""How an agent stands, by what was sent and what was taken."""

import msgspec
import pytest

from penholder.cli.agent.standing import Standing
from penholder_protocol.nouns import Entry


def entry(word: str) -> Entry:
    """Make an entry of a word: its type, and the number of an input if it has one."""
    type_, _, seq = word.partition(":")
    data = {"worker_id": "w", "seq": int(seq or 0), "text": "", "outcome": "completed"}
    return Entry(
        entry_id="e", pos=1, stream="s", seq=1, ts="", type=type_, turn_id=None, raw=msgspec.Raw(),
        data=msgspec.Raw(msgspec.json.encode(data)), request_id=None,
    )  # fmt: skip


SENT = "worker.sent:1 session.opened "


@pytest.mark.parametrize(
    ("words", "is_idle"),
    [
        ("session.opened", True),
        (SENT, False),
        (SENT + "turn.started:1", True),
        (SENT + "worker.sent:2 turn.started:1", False),
        # Said within the turn, past what waits.
        (SENT + "turn.started:1 worker.sent:2 worker.sent:3 turn.steered:3", False),
        (SENT + "turn.started:1 worker.sent:2 worker.sent:3 turn.steered:3 turn.started:2", True),
        (SENT + "turn.started:1 worker.sent:2 turn.steered:2 turn.unsteered:2", False),
        (SENT + "worker.sent:2 turn.steered:2 turn.unsteered:2 turn.started:2", True),
        # Of what was taken long ago some is pruned.
        (SENT + "worker.sent:2 worker.sent:3 turn.started:3", True),
        ("session.opened process.exited", False),
    ],
)  # fmt: skip
def test_an_agent_is_idle_when_all_that_was_sent_was_taken(words: str, *, is_idle: bool) -> None:
    standing = Standing("w")
    standing.take(map(entry, words.split()))
    assert standing.is_idle == is_idle
