"""A terminal that is lent: its keys come as they are, and it gets its old modes back."""

import errno
import os
import termios
import threading
import tty
from contextlib import suppress

from penholder.cli.run.frames import MAX_LINES_OR_COLUMNS, Size


class Terminal:
    """The terminal behind a descriptor; `enter` and `leave` may be called from any thread."""

    def __init__(self, descriptor: int) -> None:
        """Take the descriptor of a terminal; nothing is changed yet."""
        self.descriptor = descriptor
        # Modes that are read while another thread gives them back would be ours, and stay.
        self._changing = threading.Lock()
        self._before: list[object] | None = None

    @property
    def is_ours(self) -> bool:
        """Whether this program is in the foreground: of another's, it must not change the modes."""
        try:
            return os.tcgetpgrp(self.descriptor) == os.getpgrp()
        except OSError as error:
            # Not this session's terminal, so that it has no foreground for us; else hung up.
            return error.errno == errno.ENOTTY

    def enter(self) -> bool:
        """Have keys come one by one, none with a meaning; False where it is not ours to change."""
        if not self.is_ours:
            return False
        with self._changing, suppress(termios.error):  # hung up: reading it will tell
            if self._before is None:
                self._before = termios.tcgetattr(self.descriptor)
            tty.setraw(self.descriptor, termios.TCSANOW)
            return True
        return False

    def leave(self) -> None:
        """Give it its modes back; what was typed and not read is dropped, such as its answers."""
        with self._changing, suppress(termios.error):  # hung up
            before, self._before = self._before, None
            if before is not None and self.is_ours:
                termios.tcsetattr(self.descriptor, termios.TCSAFLUSH, before)  # type: ignore[arg-type]  # as tcgetattr gave it

    def size(self) -> Size | None:
        """Return its size; None where it has none."""
        return size_of(self.descriptor)


def size_of(descriptor: int) -> Size | None:
    """Return the size of a terminal; None where it has none."""
    with suppress(termios.error):
        lines, columns = termios.tcgetwinsize(descriptor)
        if 0 < lines <= MAX_LINES_OR_COLUMNS and 0 < columns <= MAX_LINES_OR_COLUMNS:
            return Size(lines, columns)
    return None
