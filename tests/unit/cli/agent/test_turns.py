"""Which turn a cancel is meant for: the one that ran at its place in the journal."""

import threading
from collections.abc import Callable

import pytest

from penholder.cli.agent.history import Before, Turn
from penholder.cli.agent.progress import Progress
from penholder.cli.agent.questions import Questions
from penholder.cli.agent.settings import Settings
from penholder.cli.agent.summary import Folding
from penholder.cli.agent.timers import Timers
from penholder.cli.agent.turns import Turns
from penholder.cli.run.acts import Act
from penholder_protocol.nouns import NewEvent


class Around:
    """A conversation that notes what is said."""

    turn_id = "turn-7"

    def __init__(self) -> None:
        """Note nothing yet."""
        self.told: list[str] = []

    def put(self, item: NewEvent | Act) -> None:
        """Note an event's type."""
        if isinstance(item, NewEvent):
            self.told.append(item.type)

    def wait_for(self, request_id: str) -> None:
        """Wait for nothing."""

    def locked(self, do: Callable[..., None]) -> Callable[..., None]:
        """Need no lock."""
        return do


@pytest.mark.parametrize(("pos", "told"), [(99, []), (100, []), (101, ["turn.canceling"])])
def test_a_cancel_from_before_a_turn_began_is_not_for_it(pos: int, told: list[str]) -> None:
    around = Around()
    settings = Settings(launcher="x", cwd="/", version="1", sessions_dir="/nowhere")
    timers = Timers(threading.RLock())
    turns = Turns(
        settings, around, Questions(settings, around, {}), Progress(Folding(), timers, around.put),
        timers, Before(turn=Turn("turn-7", 7, "go", begun_pos=100)), lambda: None, lambda: None,
        lambda _why: None,
    )  # fmt: skip

    turns.cancel(pos)
    turns.cancel(pos)

    timers.cancel()
    assert around.told == told
