"""The way to a command's stdin, as its start hands it over."""

from typing import Protocol

from penholder.cli.run.reader import Cuts


class Speaks(Protocol):
    """Who talks with a command."""

    def begin(self, stdin_fd: int) -> Cuts:
        """Talk with a command that was just started; returns what reads its stdout.

        The descriptor is closed by the caller, who may do so at once: it is for a copy.
        """
