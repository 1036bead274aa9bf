"""Reading a file that somebody named: a regular one of this user, nothing that points elsewhere."""

import errno
import os
import stat
from typing import BinaryIO


def opened(path: str) -> BinaryIO:
    """Open it to read; raises OSError where it is none of that."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ELOOP:
            error.strerror = "it is a link, which is not followed: name the file itself"
        raise
    found = os.fstat(descriptor)
    if stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid():
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "it is no regular file", path)
    raise PermissionError(errno.EPERM, f"it belongs to user {found.st_uid}, not to you", path)
