"""A file that is there whole or not at all, readable by its owner only, and never replaced.

It is made under a name of its own beside the one it gets, which is locked meanwhile: what a program
that was killed has left there is gone with the next try, and nobody else's is touched.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from penholder_daemon.refusals import Refused
from penholder_daemon.shell.disk import copying
from penholder_daemon.shell.disk.copying import CopyFailed


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a new file, or stdout for `-`; raises Refused if there is one, or one in the making."""
    if str(path) == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    if os.path.lexists(path):
        raise Refused(f"{path} is there already; choose a new name")
    partial = path.with_name(f".{path.name}.partial")
    try:
        claim = copying.claim(partial)
    except CopyFailed as error:
        raise Refused(str(error)) from error
    try:
        # The claim is closed last: until then nobody else takes the name over.
        with os.fdopen(claim, "wb", closefd=False) as file:
            yield file
            file.flush()
            os.fsync(claim)
        # A link never replaces a file that came meanwhile, a rename would.
        os.link(partial, path)
        copying.sync(path.parent)
    finally:
        partial.unlink(missing_ok=True)
        os.close(claim)
