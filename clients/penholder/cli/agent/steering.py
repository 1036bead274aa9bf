"""What is said to an agent within the turn that runs; all of it under the conversation's lock.

It is an input like a prompt, and goes before those that wait. That it was said is told before the
agent hears it, so that no runner says it twice; what the agent does not take is the next turn.
While an agent owes its answer no other turn is begun, for a while, since it may be one.
"""

from collections.abc import Callable
from functools import partial

from penholder.cli.agent import dialects, told
from penholder.cli.agent.acts import Together
from penholder.cli.agent.around import Around
from penholder.cli.agent.dialects import Agent
from penholder.cli.agent.history import Turn
from penholder.cli.agent.protocol import Message
from penholder.cli.agent.requests import Requests
from penholder.cli.agent.timers import Timers
from penholder_protocol.nouns import Input

_TIMER = "steering"


class Steering:
    """Of one worker."""

    def __init__(
        self,
        around: Around,
        timers: Timers,
        used: set[int],
        answer_within_s: float,
        answered: Callable[[], None],
    ) -> None:
        """`used` are inputs that were said within a turn; `answered` is called with each answer."""
        self._around = around
        self._timers = timers
        self._used = used
        self._answer_within_s = answer_within_s
        self._answered = answered
        self._waiting: set[int] = set()
        self._requests: Requests | None = None
        self._agent = Agent(1)
        self._session_id = ""

    @property
    def is_answered(self) -> bool:
        """Whether the agent owes no answer to what it was told within a turn."""
        return not self._waiting

    def is_used(self, seq: int) -> bool:
        """Tell whether an input was said within a turn."""
        return seq in self._used

    def open(self, requests: Requests, agent: Agent, session_id: str) -> None:
        """Speak with an agent that has a session now."""
        self._requests, self._agent, self._session_id = requests, agent, session_id

    def gone(self) -> None:
        """Forget the process; what it was told it is told again with the turn it goes on with."""
        self._requests = None
        self._wait_no_more()

    def say(self, turn: Turn, input_: Input, text: str) -> None:
        """Say something within a turn, where the agent can be told; else it stays in the post."""
        seq = input_.seq
        is_old = seq <= turn.seq or seq in self._used
        if is_old or not text or self._requests is None or self._agent.steering is None:
            return
        self._used.add(seq)
        turn.steered[seq] = text
        said = told.event(told.STEERED, told.Started.of(seq, text), turn.turn_id)
        tell = partial(self._tell, turn, seq, text, self._requests)
        self._waiting.add(seq)
        self._around.put(Together(said, (), self._around.locked(tell)))

    def _tell(self, turn: Turn, seq: int, text: str, requests: Requests, _pos: int) -> None:
        if requests is not self._requests:
            return
        if turn.is_over or self._agent.steering is None:
            self._take_back(turn, seq, "the turn had ended")
            return
        about = dialects.steer(self._agent, self._session_id, text)
        requests.ask(self._agent.steering, about, partial(self._heard, turn, seq))
        self._timers.after(self._answer_within_s, _TIMER, self._wait_no_more)

    def _heard(self, turn: Turn, seq: int, message: Message) -> None:
        if seq not in self._waiting:
            return
        if message.error is not None:
            self._take_back(turn, seq, str(message.error))
        elif not dialects.is_steered(self._agent, message.result):
            self._take_back(turn, seq, "the agent did not take it within the turn")
        else:
            self._waiting.discard(seq)
            self._answered()

    def _take_back(self, turn: Turn, seq: int, why: str) -> None:
        self._used.discard(seq)
        turn.steered.pop(seq, None)
        self._around.put(told.said(told.UNSTEERED, turn.turn_id, seq=seq, reason=why))
        self._waiting.discard(seq)
        self._answered()

    def _wait_no_more(self) -> None:
        self._waiting.clear()
        self._answered()
