"""One command from its start to the worker's farewell: the main thread's loop.

Much happens at once: signals come, the daemon goes away, the controller wants an end, the command
exits, its pipes end, a terminal stops reading. Each may come first, and what is right depends on
what has come before. So everything comes through one queue, and only this loop decides: there is
one order of events. The threads only tell it.

It has two halves. While anybody of the command's group lives, `Ending` says which signal is due.
After that only output is left. It may wait for a daemon that is away, but not for ever: `give_up_s`
is counted from the command's end, a signal shortens it, and a terminal that holds up the reader
does not count.

The command stays a zombie until all of its group have ended. Until then its number means the group
and nobody else, so that no signal can meet a stranger.

At the end the order is fixed: what is in the pipes, then what was left behind, then how it ended,
then the seat is given up. The farewell is set before the backlog is closed, which is when the
sender reads it.
"""

import signal
import threading
import time
from collections.abc import Callable, Sequence
from math import inf

import msgspec

from penholder import ConnectionLost
from penholder.cli.run.backlog import Backlog
from penholder.cli.run.child import Command, Exit
from penholder.cli.run.ending import Ending
from penholder.cli.run.group import Left, fields_of
from penholder.cli.run.inbox import Happening, Inbox, What
from penholder.cli.run.lines import Splitter
from penholder.cli.run.reader import Reader, Source
from penholder.cli.run.sender import Farewell, Sender
from penholder.cli.run.telling import event, words_that_fit

_SIGNALED_WAIT_S = (10.0, 2.0)
"""What the first signal leaves to the last output, and what any further one: enough for a daemon
that is there, and not too much for who wants an end."""
_LAST_WAIT_S = 2.0
"""What a thread gets to end after it was told to."""


class Timing(msgspec.Struct, frozen=True):
    """How patient a session is."""

    kill_after_s: float
    give_up_s: float
    """How long the last output may wait for a daemon that is away."""


class Session:
    """A command, its three threads, and what became of them."""

    def __init__(
        self,
        argv: Sequence[str],
        command: Command,
        inbox: Inbox,
        make_sender: Callable[[Backlog, Callable[[Exception | None], None]], Sender],
        timing: Timing,
        tees: tuple[int | None, int | None],
        left_behind: Callable[[], list[Left]],
    ) -> None:
        """Take a command that was just started; `left_behind` looks who outlives its group."""
        self.error: Exception | None = None
        self._left_behind = left_behind
        self._command = command
        self._inbox = inbox
        self._timing = timing
        self._ending = Ending(timing.kill_after_s)
        self._signals = 0
        self._deadline = inf
        self._has_given_up = False
        self._done: set[What] = set()
        self._backlog = Backlog()
        self._backlog.put(
            event("process.started", **words_that_fit(argv).fields(), pid=command.pid)
        )
        self._sender = make_sender(self._backlog, lambda error: inbox.tell(What.SENT, error=error))
        sources = (
            Source(command.stdout_fd, Splitter("stdout"), tees[0]),
            Source(command.stderr_fd, Splitter("stderr"), tees[1]),
        )
        self._reader = Reader(sources, self._backlog, lambda: inbox.tell(What.READ))

    def run(self) -> Exit:
        """See the command through; `error` says what went wrong beside it."""
        self._sender.start()
        self._reader.start()
        # daemon: what hangs in the kernel may never end, and must not keep this program from
        # ending.
        threading.Thread(target=self._wait_for_ends, daemon=True).start()
        # The exit alone is not enough: others of its group may go on, and write to its pipes.
        while not self._is_gone():
            self._next(self._patience_s())
        self._deadline = time.monotonic() + self._timing.give_up_s
        self._hurry()
        # Somebody outside of the group may hold the pipes open for as long as it likes.
        self._reader.finish()
        self._wait_until(What.READ)
        # Only now, when nobody is signaled any more: after this its number may be another's.
        how = self._command.reap()
        self._say_farewell(how)
        return how

    def _wait_for_ends(self) -> None:
        self._command.wait()
        self._inbox.tell(What.EXITED)
        # What it has left behind in its group has to end too before the worker counts as stopped.
        self._command.wait_for_group()
        self._inbox.tell(What.GONE)

    def _is_gone(self) -> bool:
        """Tell whether the command and all of its group have ended."""
        if What.EXITED not in self._done:
            return False
        return What.GONE in self._done or self._ending.is_hopeless(time.monotonic())

    def _patience_s(self) -> float | None:
        now, deadline = time.monotonic(), self._ending.deadline
        if deadline is None or self._ending.is_hopeless(now):
            return None
        return max(0.0, deadline - now)

    def _next(self, timeout_s: float | None) -> None:
        """Take one happening, and send the signal that it or the time asks for."""
        happening = self._inbox.take(timeout_s)
        now = time.monotonic()
        asked = None if happening is None else self._note(happening, now)
        number = asked or self._ending.due(now)
        if number is not None:
            self._command.signal_group(number)

    def _note(self, happening: Happening, now: float) -> signal.Signals | None:
        what = happening.what
        self._done.add(what)
        if what is What.EXITED:
            self._ending.exited(now)
        elif what is What.SIGNALED:
            self._signals += 1
            # Who asks twice has lost patience.
            if self._signals > 1:
                return self._ending.kill(now)
            return self._ending.stop(now, number=_passed_on(happening.number))
        elif what is What.SUSPENDED:
            self._suspend()
        elif what is What.STOPPED:
            return self._ending.stop(now, happening.within_s)
        elif happening.error is not None:
            self.error = self.error or happening.error
            self._backlog.abandon()
            return self._ending.stop(now)
        return None

    def _say_farewell(self, how: Exit) -> None:
        """Send what is left and detach, unless the seat was lost."""
        # After the group's end: whoever carries the marks now has left the group.
        left = self._left_behind()
        if left:
            # At once: the loop must never wait for room, since it is who hears the signals.
            self._backlog.put(event("process.left", **fields_of(left)), at_once=True)
        exited = event("process.exited", exit_status=how.exit_status, signal=how.signal)
        self._backlog.put(exited, at_once=True)
        state = "stopped" if how.is_success else "error"
        # Before the close: a backlog that is over is what the sender says farewell after.
        self._sender.farewell = Farewell(state, how.last_error)
        self._backlog.close()
        self._wait_until(What.SENT)

    def _wait_until(self, what: What) -> None:
        """Wait for the end of a thread, as long as there is patience."""
        while what not in self._done:
            happening = self._inbox.take(max(0.0, self._deadline - time.monotonic()))
            if happening is not None:
                self._hear(happening)
            elif what is What.READ and not self._signals and not self._backlog.is_full:
                # It is the terminal that holds up the reader, not the daemon.
                self._deadline = time.monotonic() + self._timing.give_up_s
            elif self._has_given_up:
                self.error = self.error or _undelivered()
                return
            else:
                self._give_up()

    def _hear(self, happening: Happening) -> None:
        """Note what happens after the command's end."""
        self._done.add(happening.what)
        if happening.error is not None:
            # What a call that was cut off here says of itself would only mislead.
            error = _undelivered() if self._has_given_up else happening.error
            self.error = self.error or error
        if happening.what is What.SIGNALED:
            self._signals += 1
            self._hurry()
        elif happening.what is What.SUSPENDED:
            self._inbox.suspend()

    def _suspend(self) -> None:
        """Stop with the command, and go on with it; the time between does not count."""
        began = time.monotonic()
        self._command.signal_group(signal.SIGSTOP)
        self._inbox.suspend()
        self._command.signal_group(signal.SIGCONT)
        self._ending.postpone(time.monotonic() - began)

    def _hurry(self) -> None:
        """Shorten the patience by what signals said, also those before the command's end."""
        if self._signals:
            left = _SIGNALED_WAIT_S[min(self._signals, len(_SIGNALED_WAIT_S)) - 1]
            self._deadline = min(self._deadline, time.monotonic() + left)

    def _give_up(self) -> None:
        self._has_given_up = True
        self._sender.give_up()
        self._backlog.abandon()
        self._deadline = time.monotonic() + _LAST_WAIT_S


def _passed_on(number: signal.Signals) -> signal.Signals:
    """Ctrl-\\ asks a program for its last words; everything else means that it is to end."""
    return number if number == signal.SIGQUIT else signal.SIGTERM


def _undelivered() -> ConnectionLost:
    return ConnectionLost("the daemon is away; the last output was not delivered")
