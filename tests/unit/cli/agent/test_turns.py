"""Which turn a cancel is meant for: the one that ran at its place in the journal."""

import threading
from collections.abc import Callable
from typing import Any, cast

import msgspec
import pytest

from penholder.cli.agent.dialects import Agent
from penholder.cli.agent.history import Before, Turn
from penholder.cli.agent.progress import Progress
from penholder.cli.agent.questions import Questions
from penholder.cli.agent.settings import Settings
from penholder.cli.agent.summary import Folding
from penholder.cli.agent.timers import Timers
from penholder.cli.agent.turns import Turns
from penholder.cli.run.acts import Act
from penholder_protocol.nouns import Applied, Input, NewEvent


class Around:
    """A conversation that notes what is said."""

    turn_id = "turn-7"

    def __init__(self) -> None:
        """Note nothing yet."""
        self.told: list[str] = []
        self.acts: list[Act] = []

    def put(self, item: NewEvent | Act) -> None:
        """Note an event's type, or an act."""
        if isinstance(item, NewEvent):
            self.told.append(item.type)
        else:
            self.acts.append(item)

    def wait_for(self, request_id: str) -> None:
        """Wait for nothing."""

    def locked(self, do: Callable[..., None]) -> Callable[..., None]:
        """Need no lock."""
        return do


def turns_of(around: Around, before: Before) -> Turns:
    """Return the turns of a conversation with nobody yet."""
    settings = Settings(launcher="x", cwd="/", version="1", sessions_dir="/nowhere")
    timers = Timers(threading.RLock())
    questions, progress = Questions(settings, around, {}), Progress(Folding(), timers, around.put)
    return Turns(
        settings, around, questions, progress, timers, before, nothing, nothing, nothing,
        lambda _why: None,
    )  # fmt: skip


def nothing() -> None:
    """Do nothing."""


class Requests:
    """What is said to an agent."""

    def __init__(self) -> None:
        """Note nothing yet."""
        self.said: list[str] = []

    def ask(self, method: str, *_: object) -> None:
        """Note what is asked."""
        self.said.append(method)

    notify = ask


@pytest.mark.parametrize(("pos", "told"), [(99, []), (100, []), (101, ["turn.canceling"])])
def test_a_cancel_from_before_a_turn_began_is_not_for_it(pos: int, told: list[str]) -> None:
    around = Around()
    turns = turns_of(around, Before(turn=Turn("turn-7", 7, "go", begun_pos=100)))

    turns.cancel(pos)
    turns.cancel(pos)

    assert around.told == told


@pytest.mark.parametrize(("pos", "said"), [(99, ["session/prompt"]), (101, [])])
def test_a_turn_that_is_canceled_before_it_is_known_where_it_began_is_not_had(
    pos: int, said: list[str]
) -> None:
    around, requests = Around(), Requests()
    turns = turns_of(around, Before())
    turns.open(cast("Any", requests), "s-1", Agent(1))
    data = msgspec.Raw(b'{"text":"go"}')
    turns.take(Input(worker_id="w", seq=7, kind="text", data=data, created_at="", acked=False))
    (begins,) = around.acts

    turns.cancel(pos)  # told by the journal, before the answer that it was begun at 100
    begins.carry_out(at(100))

    assert requests.said == said
    assert ("turn.canceling" in around.told) == (not said)
    assert (turns.running is None) == (not said)


def at(pos: int) -> Any:
    """Return a daemon that commits everything at a position."""
    event = {"event_id": "e", "event_seq": 1, "pos": pos, "ts": "", "type": "x", "turn_id": None}
    told = {**event, "worker_id": "w", "data": {}, "raw": None, "request_id": None}
    result = msgspec.Raw(msgspec.json.encode(told))
    return lambda _method, _params, _type: Applied(results=[result])
