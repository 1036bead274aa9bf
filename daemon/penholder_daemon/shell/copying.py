"""Copies of a database: whole, private, checked and on disk before they get their name.

A copy is made through SQLite, so that it is consistent while the database is written to.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import apsw

_PAGES = 1000


class CopyFailed(Exception):
    """There is no copy; the message says why."""


def copy_whole(source: apsw.Connection, target: Path, check: Callable[[Path], None]) -> None:
    """Copy a database to a new file, which is there whole or not at all; raises CopyFailed.

    `check` looks at the copy before it gets its name, and raises CopyFailed if it is not good.
    """
    partial = target.with_name(f".{target.name}.partial")
    try:
        copy(source, partial)
        check(partial)
        sync(partial)
        # A link never replaces a file that came meanwhile, a rename would.
        os.link(partial, target)
        sync(target.parent)
    except (OSError, apsw.Error) as error:
        raise CopyFailed(str(error)) from error
    finally:
        # Where it could not be made there is nothing to take away.
        with suppress(OSError):
            partial.unlink()


def copy(source: apsw.Connection, target: Path) -> None:
    """Copy a database to a new file of mode 0600, without a log beside it."""
    _make_private(target)
    made = apsw.Connection(str(target))
    try:
        with made.backup("main", source, "main") as backup:
            while not backup.done:
                backup.step(_PAGES)
        # A single file is easier to carry than one with a log beside it.
        made.execute("PRAGMA journal_mode = DELETE").fetchall()
    finally:
        made.close()


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


def _make_private(path: Path) -> None:
    """Make an empty file that is nobody else's before anything is in it."""
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    os.close(os.open(path, flags, 0o600))
