"""A database file that is only read: nothing is made beside it, and nothing of it changes."""

import os
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
    uri = f"file:{urllib.parse.quote(os.path.abspath(path))}?mode=ro"
    # A cleanly closed database in WAL mode has no log beside it, and nobody has it open. Without
    # `immutable` SQLite would make -wal and -shm files there, and fail where it may not.
    if _header(path)[19] == _WAL_FORMAT and not path.with_name(path.name + "-wal").exists():
        uri += "&immutable=1"
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    try:
        return apsw.Connection(uri, flags=flags)
    except apsw.Error as error:
        raise Unreadable(f"{path} cannot be opened: {error}") from error


def looks_like_sqlite(path: Path) -> bool:
    """Tell whether a file begins as a database does, without SQLite's touching it."""
    try:
        _header(path)
    except Unreadable:
        return False
    return True


def _header(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
    except OSError as error:
        raise Unreadable(f"{path} cannot be opened: {error.strerror}") from error
    if not header.startswith(_MAGIC) or len(header) < _HEADER_BYTES:
        raise Unreadable(f"{path} is no SQLite database")
    return header
