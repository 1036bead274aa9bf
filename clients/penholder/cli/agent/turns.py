"""The turn that runs, from the worker's post to its end; all of it under the conversation's lock.

A turn is begun in the worker's stream before the agent hears of it, and ended there before the next
is taken from the post. It ends by what is known here: that somebody canceled it, that its time was
over, that the process ended. What the agent gives as its reason is kept beside that.

A cancel that was meant for a turn before is told from one for this by its place in the journal.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from penholder.cli.agent import protocol, told
from penholder.cli.agent.acp.v1 import PromptResponse
from penholder.cli.agent.acp.v2 import StateUpdate
from penholder.cli.agent.acts import Acknowledge, Call, Together
from penholder.cli.agent.around import Around
from penholder.cli.agent.course import Course
from penholder.cli.agent.dialects import DIALECTS, Agent
from penholder.cli.agent.history import Before, Turn
from penholder.cli.agent.progress import Progress
from penholder.cli.agent.protocol import Message, decoded
from penholder.cli.agent.questions import Questions
from penholder.cli.agent.requests import Requests
from penholder.cli.agent.settings import GO_ON, Settings
from penholder.cli.agent.steering import Steering
from penholder.cli.agent.timers import Timers
from penholder_protocol.nouns import Input

TEXT = "text"
_RUNNING: Call = ("worker.transition", {"to": "running"})
_IDLE: Call = ("worker.transition", {"to": "idle"})


class Turns:
    """The turns of one worker, one at a time."""

    def __init__(
        self,
        settings: Settings,
        around: Around,
        questions: Questions,
        progress: Progress,
        timers: Timers,
        before: Before,
        ignored: Callable[[], None],
        ended: Callable[[], None],
        due: Callable[[], None],
        refused: Callable[[str], None],
    ) -> None:
        """Go on from what was before: a turn perhaps.

        `ignored` is called when the agent does not end a turn that was canceled, `ended` when there
        is none any more, `due` when the next may be due, `refused` when one cannot be begun.
        """
        self._settings = settings
        self._around = around
        self._questions = questions
        self._progress = progress
        self._timers = timers
        self.now = before.turn
        self._ignored = ignored
        self._ended = ended
        self._due = due
        self._refused = refused
        self._requests: Requests | None = None
        self._session_id = ""
        self._dialect = DIALECTS[1]
        self._course = Course()
        grace_s = settings.cancel_grace_s
        self._steering = Steering(around, timers, before.steered, grace_s, due)
        self._is_halted = False
        self._starts = 0
        """Of the agent; what was to be said to one is not said to the next."""

    @property
    def running(self) -> Turn | None:
        """The turn that has not ended."""
        return None if self.now is None or self.now.is_over else self.now

    # --- the process ------------------------------------------------------------------------

    @property
    def are_due(self) -> bool:
        """Whether the next can begin: the agent is at nothing, and owes no answer."""
        return self.now is None and not self._course.is_busy and self._steering.is_answered

    def begin(self) -> None:
        """Listen to an agent that was just started."""
        self._course = Course()

    def open(self, requests: Requests, session_id: str, agent: Agent) -> None:
        """Go on with an agent that takes prompts now."""
        self._requests, self._session_id, self._is_halted = requests, session_id, False
        self._dialect = DIALECTS[agent.version]
        self._steering.open(requests, agent, session_id)
        self._starts += 1

    def halt(self, why: str | None) -> bool:
        """Have the turn end with its process, for `why`, or go on with the next one.

        Returns whether there is a turn that the agent was asked to end.
        """
        turn = self.running
        if turn is None:
            return False
        if why is not None:
            turn.why = turn.why or why
        is_first, self._is_halted = not self._is_halted, True
        if is_first:
            self._notify_cancel()
        return is_first and self._requests is not None

    def gone(self) -> None:
        """Forget the process."""
        self._requests = None
        self._course = Course()
        self._steering.gone()

    def resume(self) -> None:
        """Have the agent go on with the turn."""
        turn, folding = self.running, self._progress.folding
        assert turn is not None  # asked for only then
        folding.began(turn.turn_id, turn.text)
        folding.now.turns -= 1
        event = told.said(told.RESUMED, turn.turn_id)
        calls: list[Call] = [("worker.set_turn", {"turn_id": turn.turn_id}), _RUNNING]
        # With what was asked: it may have been told, and never have come to the agent.
        text = f"{GO_ON}\n\nYou were asked:\n\n{turn.all_text}"
        done = self._around.locked(partial(self._prompt, turn, text, self._starts))
        goes_on = self._course.is_busy
        if goes_on:  # by itself, so that it need not be asked to
            self._course.sent()
            self._course.taken()
        self._around.put(Together(event, calls, None if goes_on else done))
        self._timers.after(self._settings.ask_again_s, "asking", self._questions.supersede)

    # --- its begin --------------------------------------------------------------------------

    def take(self, input_: Input) -> None:
        """Begin the turn that an input asks for; what asks for none is told and acknowledged."""
        text = _text_of(input_)
        turn = self.now = Turn(f"turn-{input_.seq}", input_.seq, text)
        if self._steering.is_used(input_.seq):
            turn.is_over = True  # before it began: it was said within another
            done = self._around.locked(lambda: self._free(turn))
            self._around.put(Acknowledge(input_.seq, done))
            return
        if not text:
            self._acknowledge(turn, f"an input of kind {input_.kind} without text is no prompt")
            return
        self._progress.folding.began(turn.turn_id, text)
        calls: list[Call] = [
            ("worker.set_turn", {"turn_id": turn.turn_id}),
            _RUNNING,
            ("input.ack", {"seq": input_.seq}),
        ]
        done = self._around.locked(partial(self._prompt, turn, text, self._starts))
        refused = self._around.locked(partial(self._not_begun, turn))
        event = told.event(told.STARTED, told.Started.of(input_.seq, text), turn.turn_id)
        self._around.put(Together(event, calls, done, refused))
        self._progress.touch()

    def steer(self, input_: Input) -> None:
        """Say something within the turn that runs, where that can be; else it comes in its turn."""
        turn = self.running
        if turn is not None and turn.why is None and not self._is_halted:
            self._steering.say(turn, input_, _text_of(input_))

    def _acknowledge(self, turn: Turn, why: str) -> None:
        """Take an input out of the post that is none for an agent."""
        event = told.said("input.ignored", None, seq=turn.seq, reason=why)
        done = self._around.locked(lambda _pos: self._free(turn))
        self._around.put(Together(event, [("input.ack", {"seq": turn.seq})], done))

    def _not_begun(self, turn: Turn, error: Exception) -> None:
        """The worker may not run: it was stopped meanwhile, say, and that is on its way here."""
        self._free(turn)
        self._refused(f"the turn could not be begun: {error}")

    def _free(self, turn: Turn) -> None:
        if self.now is turn:
            self.now = None
            self._ended()

    def _prompt(self, turn: Turn, text: str, start: int, pos: int) -> None:
        """Ask the agent, now that the turn is told."""
        turn.begun_pos = turn.begun_pos or pos
        if self.running is not turn or self._requests is None or self._is_halted:
            return
        if start != self._starts:
            return
        if turn.canceled_pos is not None and turn.canceled_pos > turn.begun_pos:
            self._around.put(told.said(told.CANCELING, turn.turn_id, why=told.CANCELED))
            self.end(told.CANCELED, why="it was canceled before the agent had heard of it")
            return
        about: dict[str, object] = {
            "sessionId": self._session_id, "prompt": protocol.text(text)
        }  # fmt: skip
        if not self._dialect.ends_by_answer:
            self._course.sent()
        self._requests.ask("session/prompt", about, partial(self._answered, turn))
        within_s = self._settings.turn_within_s
        if within_s is not None:
            self._timers.after(within_s, "turn", partial(self._cancel, told.DEADLINE))

    # --- its end ----------------------------------------------------------------------------

    def cancel(self, pos: int) -> None:
        """End the turn that ran at a position of the journal, as its controller wants."""
        turn = self.running
        if turn is None:
            return
        if turn.begun_pos is None:
            turn.canceled_pos = pos
        elif turn.begun_pos < pos:
            self._cancel(told.CANCELED)

    def _cancel(self, why: str) -> None:
        turn = self.running
        if turn is None or turn.why is not None:
            return
        turn.why = why
        self._around.put(told.said(told.CANCELING, turn.turn_id, why=why))
        self._questions.cancel("the turn was canceled")
        self._questions.supersede("the turn was canceled")
        self._notify_cancel()
        self._timers.after(self._settings.cancel_grace_s, "canceling", self._ignored)

    def _notify_cancel(self) -> None:
        self._course.canceled()
        if self._requests is not None:
            self._requests.notify("session/cancel", {"sessionId": self._session_id})

    def _answered(self, turn: Turn, message: Message) -> None:
        """Take the agent's own end of a turn."""
        if self.running is not turn or (self._is_halted and turn.why is None):
            return  # its process is ended amid the turn, which goes on with the next
        if message.error is not None:
            self.end(turn.why or told.TURN_FAILED, why=str(message.error))
            return
        if not self._dialect.ends_by_answer:
            self._has_ended(self._course.taken())
            return
        answer = decoded(message.result, PromptResponse) or PromptResponse()
        if answer.usage is not None:
            used = answer.usage
            folding = self._progress.folding
            folding.used(used.input_tokens, used.output_tokens, used.total_tokens)
        outcome = turn.why or told.OUTCOMES.get(answer.stop_reason, told.UNCLEAR)
        self.end(outcome, answer.stop_reason)

    def state(self, update: StateUpdate) -> None:
        """Take what an agent of version 2 says that it is at."""
        self._has_ended(self._course.take(update))
        self._due()

    def _has_ended(self, update: StateUpdate | None) -> None:
        turn = self.running
        if update is None or turn is None or (self._is_halted and turn.why is None):
            return
        reason = update.stop_reason or ""
        outcome = turn.why or told.OUTCOMES.get(reason, told.UNCLEAR)
        self.end(outcome, reason, None if update.error is None else update.error.message)

    def end(self, outcome: str, stop_reason: str | None = None, why: str | None = None) -> None:
        """Tell that it has ended."""
        turn = self.running
        assert turn is not None  # asked for only then
        for timer in ("turn", "canceling", "asking"):
            self._timers.cancel(timer)
        # Before the end: a worker that waits for an approval cannot become idle.
        self._questions.cancel("the turn has ended")
        self._questions.supersede()
        turn.is_over = True
        folding = self._progress.folding
        event = told.event(
            told.ENDED, told.Ended(outcome, stop_reason, why, folding.totals), turn.turn_id
        )
        done = self._around.locked(lambda _pos: self._free(turn))
        self._around.put(Together(event, [_IDLE], done))
        folding.ended()
        self._progress.touch()


def _text_of(input_: Input) -> str:
    found = decoded(input_.data, dict[str, Any]) or {}
    text = found.get("text") if input_.kind in (TEXT, told.STEER) else None
    return text if isinstance(text, str) else ""
