"""The way out of a session: what waits to be sent, and how long that is waited for.

Output may wait for a daemon that is away, but not for ever: `give_up_s` is counted from the end of
the command that is not started again. A signal shortens it, and a terminal that holds up the reader
does not count.
"""

import time
from collections.abc import Callable
from math import inf

import msgspec

from penholder import ConnectionLost
from penholder.cli.run.acts import Act
from penholder.cli.run.backlog import Backlog
from penholder.cli.run.inbox import Happening, Inbox, What
from penholder.cli.run.sender import Farewell, Sender
from penholder.cli.run.wishes import Wishes
from penholder.cli.terminal.failures import EXIT_CODES, Failure
from penholder_protocol.errors import PenholderError
from penholder_protocol.nouns import NewEvent

MakeSender = Callable[[Backlog, Callable[[Exception | None], None]], Sender]
_SIGNALED_WAIT_S = (10.0, 2.0)
"""What the first signal leaves to the last output, and what any further one: enough for a daemon
that is there, and not too much for who wants an end."""
_LAST_WAIT_S = 2.0
"""What a thread gets to end after it was told to."""


class Outlet:
    """The backlog, the thread that sends it, and the patience with both."""

    def __init__(
        self, inbox: Inbox, wishes: Wishes, make_sender: MakeSender, give_up_s: float
    ) -> None:
        """Take where happenings come from; nothing is sent yet."""
        self.backlog = Backlog()
        self.has_given_up = False
        self._inbox = inbox
        self._wishes = wishes
        self._deadline = inf
        self._give_up_s = give_up_s
        self._is_sent = False
        self._sender = make_sender(self.backlog, lambda error: inbox.tell(What.SENT, error=error))

    def start(self) -> None:
        """Send from now on."""
        self._sender.start()

    def put(self, event: NewEvent) -> None:
        """Add an event of the session's own: at once, since the loop must never wait for room."""
        self.backlog.put(event, at_once=True)

    def act(self, act: Act) -> None:
        """Have something done after all that was put before."""
        self.backlog.put(act, at_once=True)

    def begin(self) -> None:
        """Forget the patience with a command before this one."""
        self._deadline = inf

    def note(self, happening: Happening) -> None:
        """Take a happening, whoever waits for it."""
        self._is_sent = self._is_sent or happening.what is What.SENT
        if happening.error is not None and not self.has_given_up:
            # Lost is lost: nobody may wait for room, or for what is sent, any more.
            self.backlog.abandon()
        if happening.error is not None and self.has_given_up:
            # What a call that was cut off says of itself would only mislead.
            happening = msgspec.structs.replace(happening, error=self._undelivered())
        self._wishes.note(happening)
        if happening.what is What.SIGNALED:
            self._hurry()

    def wait_read(self, is_read: Callable[[], bool], *, is_last: bool) -> None:
        """Wait until the reader has read all: for the last command as long as there is patience."""
        if is_last:
            self._limit(self._give_up_s)
        self._wait(is_read, is_reading=True)

    def leave(self, farewell: Farewell, within_s: float = inf) -> None:
        """Send what is left, and give up the seat with this."""
        if self._deadline == inf:
            self._limit(min(within_s, self._give_up_s))
        # Before the close: a backlog that is over is what the sender says farewell after.
        self._sender.farewell = farewell
        self.backlog.close()
        self._wait(lambda: self._is_sent, is_reading=False)

    def _wait(self, is_over: Callable[[], bool], *, is_reading: bool) -> None:
        while not is_over():
            happening = self._inbox.take(self._left_s())
            if happening is not None:
                self._hear(happening)
            elif is_reading and not self._wishes.signals and not self.backlog.is_full:
                # It is the terminal that holds up the reader, not the daemon.
                self._limit(self._give_up_s)
            elif self.has_given_up:
                self._wishes.error = self._wishes.error or self._undelivered()
                return
            else:
                self._give_up()

    def _limit(self, patience_s: float) -> None:
        self._deadline = time.monotonic() + patience_s
        self._hurry()

    def _left_s(self) -> float | None:
        return None if self._deadline == inf else max(0.0, self._deadline - time.monotonic())

    def _hear(self, happening: Happening) -> None:
        self.note(happening)
        if self._wishes.is_final and self._deadline == inf:
            self._limit(self._give_up_s)
        if happening.what is What.SUSPENDED:
            self._inbox.suspend()
        elif happening.what in (What.KILLED, What.PASSED_ON) and happening.ticket is not None:
            happening.ticket.refuse("its command has ended")

    def _hurry(self) -> None:
        """Shorten the patience by what signals said, also those before the command's end."""
        if self._wishes.signals and self._deadline != inf:
            left = _SIGNALED_WAIT_S[min(self._wishes.signals, len(_SIGNALED_WAIT_S)) - 1]
            self._deadline = min(self._deadline, time.monotonic() + left)

    def _give_up(self) -> None:
        self.has_given_up = True
        self._wishes.is_final = True
        self._sender.give_up()
        self.backlog.abandon()
        self._deadline = time.monotonic() + _LAST_WAIT_S

    def _undelivered(self) -> Exception:
        said = self._sender.refusal
        if said is None:
            return ConnectionLost("the daemon is away; the last output was not delivered")
        return Failure(f"the last output was not delivered: {said}", _code_of(said))


def _code_of(error: PenholderError) -> int:
    return EXIT_CODES.get(error.number, 1)
