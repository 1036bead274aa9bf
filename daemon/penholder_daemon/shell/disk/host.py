"""The id of a host, which is a state directory: made once, kept in it, and never in the database.

A database can be put back from a copy, or be moved to another machine: who holds it there is
another host all the same.
"""

import os
import re
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from penholder_daemon.shell.disk import copying
from penholder_daemon.shell.disk.paths import UnusablePath

_FILE = "host_id"
_MADE = re.compile(r"host_[0-9a-f]{16}")
_LONGEST_BYTES = 64


def host_id(state_dir: Path) -> str:
    """Return the id that is kept in a state directory; makes it at the first start.

    For the holder of the directory's lock only. Raises UnusablePath where what is there is no id,
    and OSError where none can be written.
    """
    path = state_dir / _FILE
    try:
        return _read(path)
    except FileNotFoundError:
        made = f"host_{secrets.token_hex(8)}"
        _write(path, made)
        return made


def _read(path: Path) -> str:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UnusablePath(f"{path} cannot be read: {error.strerror}") from error
    try:
        is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
        text = os.read(descriptor, _LONGEST_BYTES) if is_file else b""
    finally:
        os.close(descriptor)
    found = text.decode("ascii", "replace").strip()
    if not _MADE.fullmatch(found):
        raise UnusablePath(
            f"{path} holds no id of a host (host_ and 16 hex digits): put back what was there, or"
            " remove it, and this is a new host"
        )
    return found


def _write(path: Path, made: str) -> None:
    """Write it whole or not at all: a start that was cut short leaves no half of an id."""
    begun = path.with_name(f".{_FILE}.new")
    with suppress(FileNotFoundError):
        begun.unlink()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(begun, flags, 0o600)
    try:
        os.write(descriptor, f"{made}\n".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    begun.rename(path)
    # Else a power loss could make this another host, whose directories have other controllers.
    copying.sync(path.parent)
