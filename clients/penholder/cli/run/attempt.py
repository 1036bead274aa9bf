"""One start of the command, until nobody of its group lives and all that it wrote is read.

While anybody of the group lives, `Ending` says which signal is due. The command stays a zombie
until all of them have ended. Until then its number means the group and nobody else, so that no
signal can meet a stranger.

The exit alone is not enough: others of its group may go on, and write to its pipes. And somebody
outside of the group may hold the pipes open for as long as it likes, so the reader is told to
finish when the group has ended.
"""

import signal
import threading
import time
from collections.abc import Callable

from penholder.cli.run.child import Command, Exit, Tees
from penholder.cli.run.ending import Ending, Phase
from penholder.cli.run.inbox import Happening, Inbox, What
from penholder.cli.run.outlet import Outlet
from penholder.cli.run.partner import Partner
from penholder.cli.run.reader import Reader, Told
from penholder.cli.run.wishes import Wishes

_UNREAD_S = 1.0
"""What a command gets to end by itself after nobody reads its output any more."""


class Attempt:
    """A command that was just started, and its two threads."""

    def __init__(
        self,
        command: Command,
        tees: Tees,
        inbox: Inbox,
        outlet: Outlet,
        wishes: Wishes,
        kill_after_s: float,
        partner: Partner | None = None,
    ) -> None:
        """Take it; nothing of what it writes is read yet. A partner is asked before it is ended."""
        self._partner = partner
        self._command = command
        self._terminal = command.terminal
        self._inbox = inbox
        self._outlet = outlet
        self._wishes = wishes
        self._done: set[What] = set()
        self._ending = Ending(kill_after_s)
        self._read = threading.Event()
        told = Told(self._tell_read, self._tell_unread, wishes.note_uncopied)
        self._reader = Reader(command.sources(tees), command.arrivals, outlet.backlog, told)

    def run(self, is_last: Callable[[Exit | None], bool]) -> Exit:
        """See it through; `is_last` says of an exit whether no other start follows it."""
        self._outlet.begin()
        self._reader.start()
        # daemon: what hangs in the kernel may never end, and must not keep this program from
        # ending.
        threading.Thread(target=self._wait_for_ends, daemon=True).start()
        while not self._is_gone():
            self._next(self._patience_s())
        if self._ending.is_hopeless(time.monotonic()):
            self._wishes.is_final = True
        if self._terminal is not None:
            # From now on Ctrl-C is meant for this program, which may have to wait for the daemon.
            self._terminal.stop_lending()
        self._reader.finish()
        self._outlet.wait_read(self._read.is_set, is_last=is_last(self._command.seen))
        if self._partner is not None:
            self._partner.gone()
        is_read = self._read.is_set()
        if is_read:
            self._reader.close()
        # Only now, when nobody is signaled any more: after this its number may be another's.
        return self._command.reap(is_read=is_read)

    def _tell_read(self) -> None:
        self._read.set()
        self._inbox.tell(What.READ)

    def _tell_unread(self) -> None:
        self._inbox.tell(What.UNREAD)

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

    def _note(self, happening: Happening, now: float) -> int | None:
        """Note a happening; returns the signal that the group gets for it."""
        self._done.add(happening.what)
        self._outlet.note(happening)
        what = happening.what
        if what is What.EXITED:
            self._ending.exited(now)
            if self._partner is not None:
                self._partner.exited()
        elif what is What.SUSPENDED:
            self._suspend()
        elif what is What.SIGNALED:
            # Who asks twice has lost patience. A terminal that closes asks twice by itself: the
            # kernel hangs up, and so does the shell.
            if self._wishes.signals > 1 and happening.number != signal.SIGHUP:
                return self._ending.kill(now)
            return self._stop(now, number=_passed_on(happening.number))
        elif what is What.UNREAD:
            # As the kernel does it to who writes into a closed pipe; it may be ignored.
            self._ending.ask(now, _UNREAD_S)
            return signal.SIGPIPE
        elif what in (What.KILLED, What.PASSED_ON):
            return self._granted(happening, now)
        elif what is What.GIVEN_UP:
            # Not where it was said of a start before this one.
            return self._stop(now) if self._partner and self._partner.has_given_up else None
        elif what in (What.STOPPED, What.RESTART) or happening.error is not None:
            return self._stop(now, happening.within_s)
        return None

    def _stop(
        self, now: float, within_s: float | None = None, number: signal.Signals = signal.SIGTERM
    ) -> int | None:
        """Begin its end, with words where somebody talks with it, else with a signal."""
        grace_s = 0.0
        if self._partner is not None and self._ending.phase is Phase.RUNNING:
            grace_s = self._partner.leave(is_final=self._wishes.is_final)
        if grace_s > 0 and within_s is None:
            self._ending.ask(now, grace_s)
            return None
        return self._ending.stop(now, within_s, number)

    def _granted(self, happening: Happening, now: float) -> int:
        if happening.ticket is not None:
            happening.ticket.grant()
        return self._ending.kill(now) if happening.what is What.KILLED else happening.number

    def _suspend(self) -> None:
        """Stop with the command, and go on with it; the time between does not count."""
        began = time.monotonic()
        self._command.signal_group(signal.SIGSTOP)
        if self._terminal is not None:
            self._terminal.give_back()
        self._inbox.suspend()
        if self._terminal is not None:
            self._terminal.take_again()
        self._command.signal_group(signal.SIGCONT)
        self._ending.postpone(time.monotonic() - began)


def _passed_on(number: int) -> signal.Signals:
    """Ctrl-\\ asks a program for its last words; everything else means that it is to end."""
    return signal.SIGQUIT if number == signal.SIGQUIT else signal.SIGTERM
