"""Copies of what a command writes, on the terminal, in a pipe or in a file."""

import errno
import os
import select
import stat
from typing import NamedTuple

from penholder.cli.run.lines import StreamName


class Uncopied(NamedTuple):
    """A copy that cannot be written, and why."""

    stream: StreamName
    error: OSError

    def __str__(self) -> str:
        """Say it."""
        reason = self.error.strerror or str(self.error)
        return f"the copy of its {self.stream} cannot be written any more: {reason}"


def copy_all(chunk: bytes, fd: int) -> None:
    """Write all of it; raises OSError where that cannot be."""
    left = memoryview(chunk)
    while left:
        try:
            left = left[os.write(fd, left) :]
        except BlockingIOError:
            # Somebody made it non-blocking for all who share it; here it is waited for all the
            # same.
            poll = select.poll()
            poll.register(fd, select.POLLOUT)
            poll.poll()


def has_other_end(fd: int) -> bool:
    """Tell whether somebody reads what is written there, who may go."""
    mode = os.fstat(fd).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def is_hung_up(error: OSError, fd: int) -> bool:
    """Tell whether it was a terminal that has gone: then nobody is there to be told."""
    return error.errno == errno.EIO and stat.S_ISCHR(os.fstat(fd).st_mode)
