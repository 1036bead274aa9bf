"""Copies of a database: whole, private, checked and on disk before they get their name.

A copy is made through SQLite, so that it is consistent while the database is written to. To copy
the file would tear it, and leave out what is in its log.

A crash may come at any moment, and what has the name of a backup must be one. So a copy is made
under another name, read through, synced, and only then linked to its own. A link never replaces
anything, where a rename would. The directory is synced after it: without that the name itself may
be gone after a power loss.

Two traps lie in the name in between. What a crash left there must not keep the next copy from being
made, and what another program is making right now must not be cleared away: a lock tells the two
apart, since the kernel drops it with its process. And the descriptor with that lock must be closed
after SQLite has closed the file. Closing any descriptor of a file drops all locks that the process
has on it by fcntl, and those are SQLite's.

Where others may write, the source must hold a view. A backup starts anew whenever another
connection has written to what it reads, and beside steady appends it would never end.
"""

import fcntl
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import apsw

# At a time, and between two of these somebody may ask for the end.
_PAGES = 1000


class CopyFailed(Exception):
    """There is no copy; the message says why."""


def copy_whole(
    source: apsw.Connection,
    target: Path,
    check: Callable[[Path], None],
    must_end: Callable[[], bool] = lambda: False,
) -> None:
    """Copy a database to a new file, which is there whole or not at all; raises CopyFailed.

    Where others may write, the source must hold a view: otherwise each of their commits has the
    copy begin anew. `check`
    looks at the copy before it gets its name, and raises CopyFailed if it is not good; `must_end`
    is asked between two steps.
    """
    partial = target.with_name(f".{target.name}.partial")
    try:
        claimed = claim(partial)
    except OSError as error:
        raise CopyFailed(str(error)) from error
    try:
        fill(source, partial, must_end)
        # Before the sync and the name: a copy that is not good never gets one.
        check(partial)
        sync(partial)
        # A link never replaces a file that came meanwhile, a rename would.
        os.link(partial, target)
        sync(target.parent)
    except (OSError, apsw.Error) as error:
        raise CopyFailed(_words(error)) from error
    finally:
        # Where it could not be made there is nothing to take away.
        with suppress(OSError):
            partial.unlink()
        os.close(claimed)


def copy(source: apsw.Connection, target: Path) -> None:
    """Copy a database to a new file of mode 0600, without a log beside it."""
    _make_private(target)
    fill(source, target, lambda: False)


def fill(source: apsw.Connection, target: Path, must_end: Callable[[], bool]) -> None:
    """Copy a database to an empty file; `must_end` is asked between two steps."""
    made = apsw.Connection(str(target))
    try:
        with made.backup("main", source, "main") as backup:
            while not backup.done:
                if must_end():
                    raise CopyFailed("the daemon stops")
                backup.step(_PAGES)
        # A single file is easier to carry than one with a log beside it.
        made.execute("PRAGMA journal_mode = DELETE").fetchall()
    finally:
        made.close()


def _words(error: OSError | apsw.Error) -> str:
    """Say what failed; of what a step of a copy meets SQLite keeps the kind only, and no words."""
    if isinstance(error, OSError) or str(error) != "not an error":
        return str(error)
    if isinstance(error, apsw.FullError):
        return "the disk is full"
    if isinstance(error, apsw.IOError):
        return "an I/O error of the disk that it goes to, or a limit of file sizes (`ulimit -f`)"
    return type(error).__name__


def check_integrity(database: Path) -> None:
    """Read all of a copy, its indexes and references; raises CopyFailed."""
    made = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        for (found,) in made.execute("PRAGMA integrity_check(1)"):
            if found != "ok":
                raise CopyFailed(f"the copy is damaged: {found}")
        for table, row, parent, _ in made.execute("PRAGMA foreign_key_check"):
            raise CopyFailed(f"the copy is damaged: row {row} of {table} has no {parent}")
    finally:
        made.close()


def sync(path: Path) -> None:
    """Have a file, or the names in a directory, on disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def claim(partial: Path) -> int:
    """Have the name of a copy in the making for oneself; what a crash left there is cleared away.

    Returns a descriptor whose lock is the claim. It must be closed after SQLite has let go of the
    file: closing it before would drop SQLite's own locks.
    """
    flags = os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(partial, flags, 0o600)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise CopyFailed(f"{partial} is in the way and is no file")
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.fchmod(descriptor, 0o600)
        # Only under the lock: until then another program may be filling it.
        os.ftruncate(descriptor, 0)
        for beside in ("-journal", "-wal", "-shm"):
            partial.with_name(f"{partial.name}{beside}").unlink(missing_ok=True)
    except BlockingIOError:
        os.close(descriptor)
        raise CopyFailed(f"another one is being made as {partial}; wait for its end") from None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _make_private(path: Path) -> None:
    """Make an empty file that is nobody else's before anything is in it."""
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    os.close(os.open(path, flags, 0o600))
