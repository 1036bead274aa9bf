"""What was asked of a session so far: that it ends, and how urgently; that its command begins anew.

Each wish may come while the command runs, while its last output is read, or while the next start is
waited for. Whoever takes happenings notes them here, so that none is lost between the three.
"""

from collections.abc import Callable

from penholder.cli.run.copying import Uncopied
from penholder.cli.run.inbox import Happening, What
from penholder.cli.run.ticket import Ticket


class Wishes:
    """The wishes of one session."""

    def __init__(self, tell: Callable[[str], None] = lambda _: None) -> None:
        """Start without any; `tell` says at once what a person should know."""
        self.signals = 0
        self.is_final = False
        """Whether the command is not started again, whatever the policy says."""
        self.is_unread = False
        """Whether nobody reads the copy of its output any more."""
        self.error: Exception | None = None
        """What went wrong beside the command: the first of it."""
        self.uncopied: Uncopied | None = None
        """Why a copy of its output is not whole: the first of it."""
        self._tell = tell
        self._restarts: list[Ticket] = []

    def note(self, happening: Happening) -> None:
        """Take what a happening says about the end, or the next start."""
        if happening.what is What.SIGNALED:
            self.signals += 1
        if happening.what is What.RESTART and happening.ticket is not None:
            self._restarts.append(happening.ticket)
        self.is_unread = self.is_unread or happening.what is What.UNREAD
        is_end = happening.what in (What.SIGNALED, What.STOPPED, What.KILLED, What.UNREAD)
        if happening.error is not None:
            self.error = self.error or happening.error
            is_end = True
        self.is_final = self.is_final or is_end

    def note_uncopied(self, what: Uncopied) -> None:
        """Take that a copy cannot be written, which ends nothing; from the thread that copies."""
        if self.uncopied is None:
            self.uncopied = what
            self._tell(f"{what}; the command goes on, and penholder logs has all of it")

    @property
    def is_restart_asked(self) -> bool:
        """Whether somebody wants another start now, and nobody the end."""
        return bool(self._restarts) and not self.is_final

    def started(self, attempt: int) -> None:
        """Answer who wanted another start."""
        for ticket in self._take():
            ticket.grant(attempt)

    def refuse(self, why: str) -> None:
        """Answer who wanted another start, and will not have it."""
        for ticket in self._take():
            ticket.refuse(why)

    def _take(self) -> list[Ticket]:
        taken, self._restarts = self._restarts, []
        return taken
