"""A file that is there whole or not at all, readable by its owner only, and never replaced."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from penholder_daemon.refusals import Refused


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a new file, or stdout for `-`; raises Refused if there is one already."""
    if str(path) == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    if os.path.lexists(path):
        raise Refused(f"{path} is there already; choose a new name")
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(partial, flags, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        # A link never replaces a file that came meanwhile, a rename would.
        os.link(partial, path)
    finally:
        partial.unlink(missing_ok=True)
