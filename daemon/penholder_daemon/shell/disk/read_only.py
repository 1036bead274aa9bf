"""A database file that is only read: nothing is made beside it, and nothing of it changes.

To open a database for reading is not harmless. In WAL mode SQLite makes a log and its index beside
it and leaves them there, or fails where it may not make them. What is imported from may be another
program's, on a medium that cannot be written, or in use. Three cases are told apart:

- It may be in use: whoever has it open in WAL mode has a -shm beside it (some keep it when they
  close). Then it is read as every other reader does, with locks, and what is beside it is there
  already. But on a medium that cannot be written a -shm is only a leftover.
- Nobody has it open and there is no log. It cannot change, and SQLite is told so: then it makes
  nothing.
- Nobody has it open and a log is beside it, of a crash or copied along. What the log holds belongs
  to the database, so it must be read. SQLite's way without locks does that with the index in
  memory.

That nobody has it open is what was seen at one moment. Somebody may begin to write while it is read
without locks. `fingerprint` tells whether somebody did.
"""

import os
import stat
import urllib.parse
from pathlib import Path

import apsw

_MAGIC = b"SQLite format 3\x00"
_HEADER_BYTES = 20
_WAL_FORMAT = 2


class Unreadable(Exception):
    """A file cannot be read as a database; the message says why."""


def connect(path: Path) -> apsw.Connection:
    """Open a database for reading only; raises Unreadable."""
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    uri = f"file:{urllib.parse.quote(os.path.abspath(path))}?mode=ro"
    is_unlocked = reads_unlocked(path)
    if is_unlocked:
        # A database in WAL mode that was closed cleanly may have no log beside it; without
        # `immutable` SQLite would make one. Where there is one, SQLite's way without locks reads it
        # and keeps its index in memory, where it else would make a -shm and leave it there, or
        # fail.
        uri += "&vfs=unix-none" if _log(path).exists() else "&immutable=1"
    try:
        connection = apsw.Connection(uri, flags=flags)
        if is_unlocked:
            # Who is alone keeps the index of the log in memory: no -shm is made for others.
            connection.execute("PRAGMA locking_mode = EXCLUSIVE").fetchall()
    except apsw.Error as error:
        raise Unreadable(f"{path} cannot be opened: {error}") from error
    return connection


def reads_unlocked(path: Path) -> bool:
    """Tell whether nobody has a database open, and it is read as if nobody would; else Unreadable.

    Whoever has one in WAL mode open has a -shm beside it. One that is left on a medium that cannot
    be written is of no use, and nobody writes there.
    """
    # The byte that says in which mode it must be read; in the other mode there is no -shm to make.
    if _header(path)[19] != _WAL_FORMAT:
        return False
    return not _beside(path, "-shm").exists() or not os.access(path.parent, os.W_OK)


def fingerprint(path: Path) -> tuple[object, ...]:
    """Return what changes when somebody writes a database."""
    files = (path, _log(path))
    found = [each.stat() if each.exists() else None for each in files]
    return tuple(each and (each.st_ino, each.st_size, each.st_mtime_ns) for each in found)


def why(path: Path, error: apsw.Error) -> str:
    """Say why a database cannot be read, and what helps where a log has to be played back first."""
    if _beside(path, "-journal").exists() and not os.access(path.parent, os.W_OK):
        return (
            f"{error}; it has a journal of an interrupted change beside it, which must be undone"
            f" before it can be read, and {path.parent} cannot be written: copy {path.name} and"
            f" {path.name}-journal to where they can be written and read the copy"
        )
    if _beside(path, "-journal").exists():
        return (
            f"{error}; it has a journal of an interrupted change beside it: open it once with its"
            " own program, which undoes that change"
        )
    if _log(path).exists():
        return (
            f"{error}; it has a log beside it: copy {path.name} and {path.name}-wal to where they"
            " can be written and read the copy"
        )
    return str(error)


def _log(path: Path) -> Path:
    return _beside(path, "-wal")


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def looks_like_sqlite(path: Path) -> bool:
    """Tell whether a file begins as a database does, without SQLite's touching it."""
    try:
        _header(path)
    except Unreadable:
        return False
    return True


def _header(path: Path) -> bytes:
    try:
        # Opening a pipe would wait for a writer, and what is no file is no database.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise Unreadable(f"{path} is no SQLite database: it is no regular file")
            header = file.read(_HEADER_BYTES)
    except OSError as error:
        raise Unreadable(f"{path} cannot be opened: {error.strerror}") from error
    if not header.startswith(_MAGIC) or len(header) < _HEADER_BYTES:
        raise Unreadable(f"{path} is no SQLite database")
    return header
