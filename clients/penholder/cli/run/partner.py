"""Somebody who talks with the command over its stdin and stdout, where that is a protocol.

To a session such a command is one like any other: it is started, guarded, ended and started again.
What is said on its stdout goes to the partner instead of becoming lines, and the partner gets its
stdin. The session tells it when that begins, and what has become of the command.
"""

from typing import Protocol

from penholder.cli.run.backlog import Backlog
from penholder.cli.run.child import Exit
from penholder.cli.run.speaking import Speaks


class Partner(Speaks, Protocol):
    """Who talks with the command, over all of its starts; called by the session's thread."""

    @property
    def has_given_up(self) -> bool:
        """Whether the command that was started last is to end."""

    @property
    def trouble(self) -> str | None:
        """Why it gave the last start up, if it did."""

    def listen(self, backlog: Backlog) -> None:
        """Take the queue that holds what the worker says, before the first start."""

    def leave(self, *, is_final: bool) -> float:
        """The command is to end, for good or to begin anew; returns how long it may take to."""

    def exited(self) -> None:
        """The command itself has exited; others of its group may go on."""

    def gone(self) -> None:
        """Nobody of the command's group lives, and all that it wrote is read."""

    def over(self, how: Exit, *, is_last: bool) -> None:
        """A start has ended so; called before that is told. After the last nothing follows."""
