"""Replacing a file at once: whoever reads it sees the old one or the new one, never a part."""

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

_FLAGS = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_MODE = 0o644


def replace(path: Path, text: str) -> None:
    """Write a file that everybody may read, in place of one that may be there; raises OSError.

    Only a regular file is replaced: a rename would also take the place of a device such as
    /dev/null, and every program would then write to what was put there.
    """
    _check_replaceable(path)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    descriptor = os.open(partial, _FLAGS, _MODE)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            # Whatever the umask takes away: others are meant to read it.
            os.fchmod(file.fileno(), _MODE)
            file.write(text)
        partial.replace(path)
    except OSError:
        partial.unlink()
        raise


def _check_replaceable(path: Path) -> None:
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(path.lstat().st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", str(path))
