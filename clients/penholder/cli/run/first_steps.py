"""What a new process does before it becomes the command.

A process that was forked may do next to nothing while its parent has threads, and from the second
start on the runner has some. So a small program of its own goes first: it makes itself known to the
guard, takes the terminal that is meant for it, undoes what an interpreter changes for itself, and
becomes the command, by the same pid. What keeps it from that it says on a descriptor that the
command does not inherit.

Like the guard it runs without site-packages and imports only what it needs, as each start waits
for it.
"""

import fcntl
import os
import signal
import socket
import sys
import termios
from contextlib import suppress

from penholder.cli.run.guard import announce

GUARD_GONE = b"guard"
_NONE = -1
_IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)


def words_before(report: int, guard: int | None) -> list[str]:
    """Return the words that come before the command's own."""
    return [str(report), str(_NONE if guard is None else guard)]


def main() -> int:
    """Become the command that the words name; returns only where that cannot be."""
    report, guard = (int(word) for word in sys.argv[1:3])
    argv = sys.argv[3:]
    os.set_inheritable(report, False)
    try:
        if guard != _NONE:
            _make_known(guard)
    except OSError:
        os.write(report, GUARD_GONE)
        return 1
    try:
        _take_terminal()
    except OSError as error:
        os.write(report, str(error.errno).encode())
        return 1
    for number in _IGNORED_BY_PYTHON:
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execvpe(argv[0], argv, _environment())  # noqa: S606 - the caller's own words
    except OSError as error:
        os.write(report, str(error.errno).encode())
    except ValueError:
        # A word with a zero byte, which no program can be given.
        os.write(report, b"22")
    return 1


def _make_known(guard: int) -> None:
    """Tell the guard which group it is, before it is anything else."""
    with socket.socket(fileno=guard) as told:
        # The flag: a guard that is gone must not end this without a word.
        told.send(announce(os.getpid()), socket.MSG_NOSIGNAL)


def _take_terminal() -> None:
    """Make the terminal on stdin this session's own, where it leads one that has none."""
    if os.getsid(0) == os.getpid() and os.isatty(0):
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _environment() -> dict[bytes, bytes]:
    """Return what this process was given: an interpreter may set LC_CTYPE for itself."""
    with suppress(OSError), open("/proc/self/environ", "rb") as given:
        pairs = (each.partition(b"=") for each in given.read().split(b"\0") if b"=" in each)
        return {name: value for name, _, value in pairs}
    return dict(os.environb)
