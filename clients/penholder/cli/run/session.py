"""A worker's command from its first start to the worker's farewell: the main thread's loop.

Much happens at once: signals come, the daemon goes away, the controller wants an end, the command
exits, its pipes end, a terminal stops reading. Each may come first, and what is right depends on
what has come before. So everything comes through one queue (`Inbox`), and only this loop decides:
there is one order of events. The threads only tell it.

It is in one of three places. While anybody of the command's group lives, in an `Attempt`. Between
two of those it waits for the next start, as long as the policy says, or until somebody wants it now
or not at all. After the last one only output is left (`Outlet`). What is asked for is noted in all
three (`Wishes`).

At the end of an attempt the order is fixed: what is in the pipes, then what was left behind, then
how it ended; and after the last one the seat is given up. What the command asked is taken back
before that, unless somebody of it was left who may hear the answer.
"""

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from penholder.cli.run.attempt import Attempt
from penholder.cli.run.child import Command, Exit, Tees
from penholder.cli.run.frames import Ended
from penholder.cli.run.group import Left, fields_of
from penholder.cli.run.inbox import Happening, Inbox, What
from penholder.cli.run.outlet import MakeSender, Outlet
from penholder.cli.run.partner import Partner
from penholder.cli.run.pty_terminal import PtyTerminal
from penholder.cli.run.restarts import Restarts
from penholder.cli.run.sender import Farewell
from penholder.cli.run.taking_back import TakeBack
from penholder.cli.run.telling import event
from penholder.cli.run.ticket import Ticket
from penholder.cli.run.wishes import Wishes

_FAILED_WAIT_S = 10.0
"""What a daemon gets to hear of a command that could not be started at all."""


class Timing(NamedTuple):
    """How patient a session is."""

    kill_after_s: float
    give_up_s: float
    """How long the last output may wait for a daemon that is away."""


class NotStarted(Exception):
    """A command cannot be started; the message says why."""

    def __init__(self, message: str, code: int) -> None:
        """Take what to say, and the exit code that a shell has for it."""
        super().__init__(message)
        self.code = code


class Started(NamedTuple):
    """A command that runs, and what is done at its end."""

    command: Command
    left_behind: Callable[[], list[Left]]
    release: Callable[[], None]
    """Called when nobody of its group lives."""


class Attempted(NamedTuple):
    """What came of a start."""

    how: Exit
    lived_s: float
    failure: str | None = None
    is_told: bool = False
    """Whether its end is in the worker's stream already."""
    trouble: str | None = None
    """Why who talked with it gave it up."""
    has_left: bool = False
    """Whether somebody of it goes on, who may hear an answer."""


class Session:
    """The starts of one command, and what became of them."""

    def __init__(
        self,
        start: Callable[[int], Started],
        facts: Mapping[str, object],
        inbox: Inbox,
        make_sender: MakeSender,
        timing: Timing,
        restarts: Restarts,
        tees: Tees,
        clock: Callable[[], float] = time.monotonic,
        terminal: PtyTerminal | None = None,
        partner: Partner | None = None,
        tell: Callable[[str], None] = lambda _: None,
        note: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`start` starts the command for the nth time, or raises NotStarted.

        `facts` is what the event says of that, whatever comes of it. `terminal` is the command's,
        over all its starts, and `partner` who talks with it. `tell` says what has gone wrong
        meanwhile, `note` what else a person would like to know.
        """
        self._note = note
        self._terminal = terminal
        self._partner = partner
        self._start = start
        self._facts = facts
        self._inbox = inbox
        self._timing = timing
        self._restarts = restarts
        self._tees = tees
        self._clock = clock
        self._wishes = Wishes(tell)
        self._outlet = Outlet(inbox, self._wishes, make_sender, timing.give_up_s)

    @property
    def is_unread(self) -> bool:
        """Whether it ended because nobody read the copy of its output any more."""
        return self._wishes.is_unread

    @property
    def is_uncopied(self) -> bool:
        """Whether a copy of its output could not be written."""
        return self._wishes.uncopied is not None

    @property
    def error(self) -> Exception | None:
        """What went wrong beside the command."""
        return self._wishes.error

    def run(
        self, number: int = 1, before: Attempted | None = None, *, is_revived: bool = False
    ) -> Attempted:
        """Start the command, again and again as it is to be; returns what came of the last start.

        Where a runner before this one has started it already, `before` is what came of that, and
        `number` which start it was. With `is_revived` another start follows it at once, whatever
        the policy: it has not ended by itself.
        """
        if is_revived:
            self._wishes.note(Happening(What.RESTART, ticket=Ticket()))
        self._outlet.start()
        if self._terminal is not None:
            self._terminal.begin(self._outlet.backlog)
        if self._partner is not None:
            self._partner.listen(self._outlet.backlog)
        last = before or self._attempt(number)
        while self._goes_on(last):
            number += 1
            last = self._attempt(number)
        self._wishes.refuse("it has ended")
        self._say_farewell(last)
        self._wishes.refuse("it has ended")
        return last

    def _attempt(self, number: int) -> Attempted:
        begun = self._clock()
        try:
            started = self._start(number)
        except NotStarted as failure:
            return self._failed(failure, number)
        more = {"pid": started.command.pid, "attempt": number}
        self._outlet.put(event("process.started", **self._facts, **more))
        self._wishes.started(number)
        attempt = Attempt(
            started.command,
            self._tees,
            self._inbox,
            self._outlet,
            self._wishes,
            self._timing.kill_after_s,
            self._partner,
        )
        how = attempt.run(self._is_last)
        left = started.left_behind()
        if left:
            # After the group's end: whoever carries the marks now has left the group.
            self._outlet.put(event("process.left", **fields_of(left)))
        started.release()
        trouble = None if self._partner is None else self._partner.trouble
        return Attempted(how, self._clock() - begun, trouble=trouble, has_left=bool(left))

    def _failed(self, failure: NotStarted, number: int) -> Attempted:
        more = {"error": str(failure), "code": failure.code, "attempt": number}
        self._outlet.put(event("process.failed", **self._facts, **more))
        self._wishes.refuse(str(failure))
        # What could not even be started once will not be helped by another try.
        self._wishes.is_final = self._wishes.is_final or number == 1
        return Attempted(Exit(None, None, failure.code), 0.0, str(failure), is_told=True)

    def _is_last(self, how: Exit | None) -> bool:
        return not self._wishes.is_restart_asked and not self._restarts.applies(how)

    def _goes_on(self, last: Attempted) -> bool:
        """Say how it ended, and wait for the next start; False if there is none."""
        wait_s = self._wait_s(last)
        if wait_s is None:
            # Before its end is told, so that this is the last of the stream.
            self._let_viewers_go(last.how)
        if self._partner is not None:
            self._partner.over(last.how, is_last=wait_s is None)
        if not last.is_told:
            again = {} if wait_s is None else {"restart_after_ms": round(wait_s * 1000)}
            how = {"exit_status": last.how.exit_status, "signal": last.how.signal}
            self._outlet.put(event("process.exited", **how, **again))
        if wait_s is None:
            return False
        # With a partner the next start takes up the conversation, and with it what was asked in it.
        if self._partner is None and not last.has_left:
            self._outlet.act(TakeBack())
        if wait_s > 0:
            self._note(f"the command ended: {last.failure or last.how}; again in {wait_s:g} s")
        return self._sleep(wait_s)

    def _wait_s(self, last: Attempted) -> float | None:
        if self._wishes.is_final:
            return None
        if self._wishes.is_restart_asked:
            return 0.0
        return self._restarts.wait_s(last.how, last.lived_s)

    def _sleep(self, wait_s: float) -> bool:
        """Wait for the next start; False if there is to be none."""
        due = self._clock() + wait_s
        while not self._wishes.is_final and not self._wishes.is_restart_asked:
            left_s = due - self._clock()
            if left_s <= 0:
                return True
            happening = self._inbox.take(left_s)
            if happening is not None:
                self._hear(happening)
        return not self._wishes.is_final

    def _hear(self, happening: Happening) -> None:
        self._outlet.note(happening)
        if happening.what is What.SUSPENDED:
            self._inbox.suspend()
        elif happening.what is What.KILLED and happening.ticket is not None:
            happening.ticket.grant()
        elif happening.what is What.PASSED_ON and happening.ticket is not None:
            happening.ticket.refuse("its command does not run now: it waits for its next start")

    def _let_viewers_go(self, how: Exit) -> None:
        if self._terminal is not None:
            self._terminal.end(Ended(how.exit_status, how.signal, how.code))

    def _say_farewell(self, last: Attempted) -> None:
        self._let_viewers_go(last.how)
        self._outlet.act(TakeBack())
        state = "stopped" if last.how.is_success and last.trouble is None else "error"
        farewell = Farewell(state, last.failure or last.trouble or last.how.last_error)
        if last.failure is None:
            self._outlet.leave(farewell)
        else:
            self._outlet.leave(farewell, _FAILED_WAIT_S)
