"""The talk with one agent, over all its starts.

Four sides come together here, each on a thread of its own: the agent (the run's reader), the
worker's post (`post`), answers to questions (`waiting`), and the session's loop, which starts and
ends the process. One lock orders them; nothing under it waits, neither for the daemon, whose turn
comes in the backlog, nor for the agent, whose stdin has a thread.

A turn whose process ended goes on with the next start, if there is one and the session can be gone
on with; else it is told as ended.
"""

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from penholder.cli.agent import protocol, told, updates
from penholder.cli.agent.acp.v1 import CancelRequestNotification, SessionNotification
from penholder.cli.agent.acp.v2 import StateUpdate
from penholder.cli.agent.acts import Call, Together
from penholder.cli.agent.dialects import DIALECTS, Agent
from penholder.cli.agent.history import Before
from penholder.cli.agent.holding import Holding
from penholder.cli.agent.opening import Opening
from penholder.cli.agent.progress import Progress
from penholder.cli.agent.protocol import Message, decoded
from penholder.cli.agent.questions import Questions
from penholder.cli.agent.requests import Requests
from penholder.cli.agent.settings import Settings
from penholder.cli.agent.speaker import Speaker
from penholder.cli.agent.summary import Folding
from penholder.cli.agent.timers import Timers
from penholder.cli.agent.turns import Turns
from penholder.cli.agent.wire import Wire
from penholder.cli.run.acts import Act
from penholder.cli.run.backlog import Backlog
from penholder.cli.run.child import Exit
from penholder.cli.run.inbox import Inbox, What
from penholder_protocol.nouns import Approval, Input, NewEvent

_SESSION_ID_CHARACTERS = 128
_STATE = "acp.state_update"
_CLOSED_S = 1.0
"""What an agent that can be talked with no more gets to exit by itself, as most are about to."""


class Conversation:
    """One agent's; a `run.partner.Partner`."""

    def __init__(
        self,
        settings: Settings,
        before: Before,
        holding: Holding,
        inbox: Inbox,
        wait_for: Callable[[str], None],
    ) -> None:
        """Go on from what was before; `wait_for` has an approval's answer brought to `decided`."""
        self._settings = settings
        self._session_id = before.session_id or settings.session_id
        self._unknown = before.unknown
        self._holding = holding
        self._inbox = inbox
        self._wait_for = wait_for
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._backlog = Backlog()
        timers = self._timers = Timers(self._lock)
        self._progress = Progress(Folding(before.totals, before.cost_before), timers, self.put)
        self._progress.folding.now.turns = before.turns
        self._questions = Questions(settings, self, before.asked)
        self._turns = Turns(
            settings, self, self._questions, self._progress, timers, before,
            self._insist, self._turn_has_ended, self._changed.notify_all, self._give_up,
        )  # fmt: skip
        self._requests: Requests | None = None
        self._opening: Opening | None = None
        self._dialect = DIALECTS[1]
        self._is_open = self._is_ending = self._is_closed = False
        self._has_exited = self._is_cut_off = False
        self.trouble: str | None = None

    @property
    def turn_id(self) -> str | None:
        """The turn that runs."""
        return None if self._turns.running is None else self._turns.running.turn_id

    @property
    def has_given_up(self) -> bool:
        """Whether the process that was started last is to end."""
        return self._is_ending

    def put(self, item: NewEvent | Act) -> None:
        """Say something for the worker, in its turn; never waits."""
        self._backlog.put(item, at_once=True)

    def wait_for(self, request_id: str) -> None:
        """Wait for an answer, beside."""
        self._wait_for(request_id)

    def locked(self, do: Callable[..., None]) -> Callable[..., None]:
        """Make of something that is done here what another thread may call."""

        def call(*arguments: object) -> None:
            with self._lock:
                do(*arguments)

        return call

    # --- the process ------------------------------------------------------------------------

    def listen(self, backlog: Backlog) -> None:
        """Take the way to the daemon."""
        self._backlog = backlog
        self._questions.disown(self._unknown)

    def begin(self, stdin_fd: int) -> Wire:
        """Talk with a process that was just started."""
        with self._lock:
            self.trouble, self._is_ending = None, False
            self._has_exited = self._is_cut_off = False
            deaf = self.locked(partial(self._cut_off, "the agent has closed its input"))
            speaker = Speaker(stdin_fd, deaf)
            speaker.start()
            requests = self._requests = Requests(speaker)
            self._questions.begin(requests)
            self._turns.begin()
            self._opening = Opening(
                requests, self._settings, self._session_id, self._holding,
                self._opened, self._give_up,
            )  # fmt: skip
            self._opening.start()
            within_s = self._settings.open_within_s
            why = f"the agent has opened no session within {within_s:g} s"
            self._timers.after(within_s, "opening", partial(self._give_up, why))
        heard, too_long = self.locked(self._heard), self.locked(self._skipped)
        mute = self.locked(partial(self._cut_off, "the agent has closed its output"))
        return Wire(heard, too_long, mute, self._backlog.wait_for_room)

    def leave(self, *, is_final: bool) -> float:
        """Ask the agent to end what it is at; returns how long that may take."""
        with self._lock:
            self._is_ending = True
            self._questions.cancel("the agent was stopped", keep=not is_final)
            is_asked = self._turns.halt(told.STOPPED if is_final else None)
            is_answered = is_asked and not self._is_cut_off
            return self._settings.leave_grace_s if is_answered else 0.0

    def exited(self) -> None:
        """Take its end for what it is, and not for what it closes by that."""
        with self._lock:
            self._has_exited = True
            self._timers.cancel("closed")

    def gone(self) -> None:
        """Forget the process; its turn may go on with the next."""
        with self._lock:
            self._timers.cancel()
            if self._requests is not None:
                self._requests.close()
            self._questions.gone()
            self._turns.gone()
            self._requests = self._opening = None
            self._is_open = False

    def over(self, how: Exit, *, is_last: bool) -> None:
        """End what is begun, where no start follows."""
        with self._lock:
            turn = self._turns.running
            if turn is not None and (is_last or turn.why is not None):
                why = self.trouble or how.last_error or "the agent's process ended"
                self._turns.end(turn.why or told.DIED, why=why)
            if is_last:
                self._questions.supersede("the agent has ended")
                self._holding.release()
                self._progress.folding.ended("ended")
                self._progress.tell()
                self._is_closed = True
                self._changed.notify_all()

    def _cut_off(self, why: str) -> None:
        """End a process that lives on without a way to talk with it."""
        self._is_cut_off = True
        if not self._has_exited:
            self._timers.after(_CLOSED_S, "closed", partial(self._give_up, why))

    def _give_up(self, why: str) -> None:
        """End a process that cannot be talked with."""
        if not self._is_ending:
            self.trouble, self._is_ending = why, True
            self.put(told.said(told.FAILED, self.turn_id, reason=why))
            self._inbox.tell(What.GIVEN_UP)

    def _insist(self) -> None:
        """End the process of an agent that does not end its turn; it begins anew without it."""
        within_s = self._settings.cancel_grace_s
        why = f"the agent did not end its turn within {within_s:g} s, so its process is ended"
        self.put(told.said(told.FAILED, self.turn_id, reason=why))
        self._is_ending = True
        self._turns.halt(None)
        self._inbox.wish(What.RESTART)

    # --- the session ------------------------------------------------------------------------

    def _opened(self, opened: told.Opened, agent: Agent) -> None:
        self._timers.cancel("opening")
        if self._session_id != opened.session_id:
            self._progress.folding.session_changed()
        self._session_id, self._is_open = opened.session_id, True
        calls: list[Call] = []
        if len(opened.session_id) <= _SESSION_ID_CHARACTERS:
            calls.append(("worker.set_session", {"session_id": opened.session_id}))
        self.put(Together(told.event(told.OPENED, opened), calls))
        assert self._requests is not None  # it has just answered
        self._dialect = DIALECTS[agent.version]
        self._turns.open(self._requests, opened.session_id, agent)
        self._go_on(opened)
        self._progress.touch()
        self._changed.notify_all()

    def _go_on(self, opened: told.Opened) -> None:
        """Go on with a turn that was begun before, or tell how it ended."""
        turn = self._turns.running
        if turn is None:
            self._questions.supersede()
            self._progress.folding.ended()
        elif turn.why is None and opened.how != "new":
            self._turns.resume()
        else:
            self._turns.end(turn.why or told.LOST, why=opened.lost)

    # --- the post ---------------------------------------------------------------------------

    def wait_until_ready(self) -> bool:
        """Wait until a turn can be taken; False where none will be."""
        with self._lock:
            self._changed.wait_for(lambda: self._is_closed or self._is_ready())
            return not self._is_closed

    def _is_ready(self) -> bool:
        return self._is_open and self._turns.are_due and not self._is_ending

    def take(self, input_: Input) -> None:
        """Begin the turn that an input asks for; it comes again if this is not the time."""
        with self._lock:
            if self._is_ready():
                self._turns.take(input_)

    def steer(self, input_: Input) -> None:
        """Say something within the turn that runs, if one does and the agent can be told."""
        with self._lock:
            if self._is_open and not self._is_ending:
                self._turns.steer(input_)

    def cancel(self, pos: int) -> None:
        """End the turn that ran at a position of the journal, as its controller wants."""
        with self._lock:
            self._turns.cancel(pos)

    def close(self) -> None:
        """Take nothing more from the post."""
        with self._lock:
            self._is_closed = True
            self._changed.notify_all()

    def _turn_has_ended(self) -> None:
        self._changed.notify_all()
        if self._is_ending:
            self._inbox.tell(What.GIVEN_UP)  # nothing is waited for any more

    # --- what the agent says ----------------------------------------------------------------

    def _heard(self, message: Message, line: bytes) -> None:
        if message.method is None:
            if self._requests is None or not self._requests.take(message):
                self._keep_raw("acp.answer", line)
        elif message.id is None:
            self._notified(message, line)
        elif message.method == "session/request_permission":
            self._asked(message)
        else:
            self._keep_raw("acp.request", line)
            if self._requests is not None:
                why = f"{message.method} is not offered"
                self._requests.refuse(message.id, protocol.METHOD_NOT_FOUND, why)

    def _notified(self, message: Message, line: bytes) -> None:
        if message.method == "session/update":
            found = decoded(message.params, SessionNotification)
            if found is not None:
                self._updated(found, line)
                return
        if message.method == "$/cancel_request":
            withdrawn = decoded(message.params, CancelRequestNotification)
            if withdrawn is not None and withdrawn.request_id is not None:
                self._questions.withdraw(withdrawn.request_id)
        self._keep_raw("acp.notification", line)

    def _updated(self, found: SessionNotification, line: bytes) -> None:
        if self._is_open and found.session_id not in ("", self._session_id):
            self._keep_raw("acp.elsewhere", line)  # another session's, a subagent's perhaps
            return
        type_ = updates.type_of(found.update, updates.LIVE)
        is_loading = self._opening is not None and self._opening.is_loading
        is_replayed = is_loading and updates.is_of_history(type_)
        if is_replayed:
            type_ = updates.type_of(found.update, updates.REPLAYED)
        self.put(updates.event_of(type_, found.update, None if is_replayed else self.turn_id))
        fields = None if is_replayed else decoded(found.update, dict[str, Any])
        if fields is not None:
            self._progress.folding.take(fields)
            self._progress.touch()
        if type_ == _STATE:
            state = decoded(found.update, StateUpdate)
            if state is not None:
                self._turns.state(state)

    def _asked(self, message: Message) -> None:
        self.put(updates.event_of(told.REQUEST, message.params, self.turn_id))
        request = self._dialect.permission(message.params)
        turn = self._turns.running
        is_in_vain = self._is_ending or (turn is not None and turn.why is not None)
        if request is not None and not is_in_vain:
            self._questions.ask(message.id, request)
        elif self._requests is not None:
            self._requests.answer(message.id, protocol.CANCELED)

    def _skipped(self, size_bytes: int) -> None:
        why = "a message was longer than any may be, and was left out"
        self.put(told.said("acp.too_long", self.turn_id, size_bytes=size_bytes, reason=why))

    def _keep_raw(self, type_: str, line: bytes) -> None:
        self.put(updates.event_of(type_, msgspec.Raw(line), self.turn_id))

    def decided(self, approval: Approval) -> None:
        """Take the answer to a question."""
        with self._lock:
            self._questions.decided(approval)
