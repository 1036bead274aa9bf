"""Socket paths that are too long for the kernel, made short through an open directory."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

SUN_PATH_BYTES = 107
"""What a Unix socket's address holds, without its closing zero."""
_NAME_BYTES = SUN_PATH_BYTES - len("/proc/self/fd/2147483647/")


@contextmanager
def connectable(path: str) -> Iterator[str]:
    """Yield a path of the same socket that `connect` takes, valid until the block ends."""
    if len(os.fsencode(path)) <= SUN_PATH_BYTES:
        yield path
        return
    parent, name = os.path.split(path)
    if len(os.fsencode(name)) > _NAME_BYTES:
        raise OSError(errno.ENAMETOOLONG, "the name is too long for a Unix socket", path)
    # Not by changing the working directory, which is the whole process's.
    directory = os.open(parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{directory}/{name}"
    finally:
        os.close(directory)
