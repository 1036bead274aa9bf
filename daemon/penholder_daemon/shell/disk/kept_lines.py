"""One line that a state directory keeps in a file of its own: written whole or not at all, private.

For the holder of the directory's lock only: two who wrote would use the same name for what is
begun.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path

from penholder_daemon.shell.disk import copying
from penholder_daemon.shell.disk.paths import UnusablePath

_LONGEST_BYTES = 8192


def read(path: Path) -> str:
    """Return the line; empty where what is there is no file.

    Raises FileNotFoundError, and UnusablePath where it cannot be read.
    """
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
    return text.decode("utf-8", "replace").strip()


def write(path: Path, line: str) -> None:
    """Write it whole or not at all: whoever was cut short leaves no half of it. Raises OSError."""
    begun = path.with_name(f".{path.name}.new")
    with suppress(FileNotFoundError):
        begun.unlink()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(begun, flags, 0o600)
    try:
        os.write(descriptor, f"{line}\n".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    begun.rename(path)
    # Else a power loss could bring back what stood there before.
    copying.sync(path.parent)
