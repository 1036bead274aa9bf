"""Replacing a file at once: whoever reads it sees the old one or the new one, never a part."""

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

_FLAGS = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_MODE = 0o644


def replace(path: Path, text: str, mode: int = _MODE) -> None:
    """Write a file, in place of one that may be there; raises OSError.

    Unless `mode` says otherwise everybody may read it.

    Only a regular file is replaced: a rename would also take the place of a device such as
    /dev/null, and every program would then write to what was put there.
    """
    _check_replaceable(path)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    # Left by one of our number that was killed: in a container that is every time the same.
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, _FLAGS, mode)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            # Whatever the umask takes away: who is meant to read it can.
            os.fchmod(file.fileno(), mode)
            file.write(text)
        partial.replace(path)
    except BaseException:
        partial.unlink()
        raise


def _check_replaceable(path: Path) -> None:
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(path.lstat().st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", str(path))
