"""Standard input, output and error, which may be closed, full or gone when the daemon starts."""

import os
import select

_PATIENCE_MS = 1000


def open_missing() -> None:
    """Open what is closed of descriptors 0 to 2 on /dev/null.

    Otherwise the database would get one of these numbers, and whatever writes to standard error, an
    abort of the C library for one, would write into it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # It gets the lowest number that is free, which is this one: those below are open.
            os.open(os.devnull, os.O_RDWR)


def tell(descriptor: int, line: str) -> None:
    """Write a line that was asked for, all of it; raises OSError."""
    left = f"{line}\n".encode("utf-8", "backslashreplace")
    while left:
        left = left[os.write(descriptor, left) :]


def say(descriptor: int, line: str) -> None:
    """Write a line; who does not read it does without.

    Not through sys.stdout: what that could not write it would try again when the process ends, and
    change its exit status.
    """
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    # A pipe that nobody reads would keep a write waiting for ever.
    if not poll.poll(_PATIENCE_MS):
        return
    try:
        os.write(descriptor, f"{line}\n".encode("utf-8", "backslashreplace"))
    except OSError:
        # Full, or the reader is gone: there is nobody else to tell.
        return
