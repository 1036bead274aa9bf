"""A pseudo-terminal for a command: its own session's controlling terminal, and our end of it."""

import errno
import fcntl
import os
import termios
from contextlib import suppress

from penholder.cli.run.frames import Size

DEFAULT_SIZE = Size(24, 80)
_IFLAG = 0
_IUTF8 = 0o40000
"""Backspace takes a whole character of UTF-8; Python has no name for it yet."""
BUFFERED_BYTES = 128 << 10
"""More than the kernel keeps between the two ends."""


class Pty:
    """Both ends: `our_fd` is read and written, `its_fd` is the command's standard streams.

    Its end is kept open here until the command has gone: a command that closes all of its streams
    for a moment must not count as one that has ended. When the session's leader exits, the kernel
    hangs the terminal up, and our end tells that all was read.
    """

    def __init__(self, size: Size | None, like: int | None = None) -> None:
        """Make it, with the size and modes of a terminal that is there; raises OSError."""
        self.our_fd, self.its_fd = os.openpty()
        os.set_blocking(self.our_fd, False)
        self._size = size or DEFAULT_SIZE
        termios.tcsetwinsize(self.its_fd, (self._size.lines, self._size.columns))
        self._set_modes(like)

    def _set_modes(self, like: int | None) -> None:
        with suppress(termios.error):
            modes = termios.tcgetattr(self.its_fd if like is None else like)
            modes[_IFLAG] |= _IUTF8
            termios.tcsetattr(self.its_fd, termios.TCSANOW, modes)

    def take_control(self) -> None:
        """Make it the controlling terminal, in the command's process, which leads its session."""
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    @property
    def size(self) -> Size:
        """Its size as it was last set from here."""
        return self._size

    def resize(self, size: Size) -> None:
        """Set its size; the kernel tells the command, where it is another one."""
        if size == self._size:
            return
        self._size = size
        with suppress(termios.error):  # hung up
            termios.tcsetwinsize(self.our_fd, (size.lines, size.columns))

    def close(self) -> None:
        """Close both ends."""
        os.close(self.its_fd)
        os.close(self.our_fd)


def read_some(descriptor: int, most: int) -> bytes | None:
    """Read from a pipe or our end of a terminal; empty at the end, None where nothing is there."""
    try:
        return os.read(descriptor, most)
    except BlockingIOError:
        return None
    except OSError as error:
        if error.errno == errno.EIO:  # what Linux calls the end of a terminal
            return b""
        raise
