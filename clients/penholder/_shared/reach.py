"""Whether a daemon was ever at a socket, and so whether it is worth waiting for one there.

A daemon that restarts is away for a moment, and calls wait for it. One that was never started does
not come, and to wait half a minute before saying so helps nobody. From outside both look the same:
there is no socket, or nobody listens. So it counts what this client has seen. Who was connected
once waits; so does whoever has a worker's socket, since it was handed that by a daemon. Who finds
nobody at the control socket from the start is told after `UNREACHED_S` what to do: long enough for
a daemon that is just being started.

A full queue or a refused right is no missing daemon: somebody is there.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

UNREACHED_S = 1.5
"""How long a call waits for a daemon that this client has never seen."""
_NOBODY = {errno.ENOENT, errno.ENOTDIR, errno.ECONNREFUSED}


class NoDaemon(OSError):
    """Nobody is at a control socket, and this client has never seen anybody there."""


class Reach:
    """One socket, as one client over all its connections knows it."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Know nothing of it yet."""
        # Absolute: the program may change its directory before the connection has to be made again.
        self.path = os.path.abspath(os.fspath(path))
        self.was_reached = False

    @contextmanager
    def reaching(self) -> Iterator[str]:
        """Yield the path to connect to, and learn from how that ends."""
        try:
            yield self.path
        except OSError as error:
            raise self.failed(error) from None
        self.was_reached = True

    def failed(self, error: OSError) -> OSError:
        """Return what a failed attempt to connect means."""
        if error.errno in _NOBODY and not self.was_reached and not is_worker(self.path):
            return NoDaemon(
                f"no daemon answers at {self.path} ({error.strerror}): start it with"
                " `penholder up`; `penholder doctor` says more"
            )
        if error.filename is None:
            error.filename = self.path
        return error


def is_worker(path: str) -> bool:
    """Tell whether a path is that of a worker's socket: a daemon has all of them in `workers`."""
    return os.path.basename(os.path.dirname(path)) == "workers"
