"""The ids of a client's requests, which the journal's entries and the daemon's log lines repeat.

`4f9c1e07a2-17`: something random that is made once for a client, over all its connections, and the
number of the request. The operation that a client is for is put before it.
"""

import itertools
import os
import re

from penholder._shared import forks

_RANDOM_BYTES = 5
_is_name = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@/-]{0,127}").fullmatch


class RequestIds:
    """One client's ids; any thread may take the next."""

    __slots__ = ("__weakref__", "_named", "_numbers", "_prefix")

    def __init__(self, operation: str | None = None) -> None:
        """Begin at 1; raises ValueError for an operation that would be hard to search for."""
        self._named = "" if operation is None else f"{_checked(operation)}-"
        self.renew_after_fork()
        forks.register(self)

    def renew_after_fork(self) -> None:
        """Begin anew with another random part: the parent goes on with the one before."""
        self._prefix = f"{self._named}{os.urandom(_RANDOM_BYTES).hex()}-"
        # Unlike `+= 1`, this gives two threads two numbers.
        self._numbers = itertools.count(1)

    def next(self) -> str:
        """Return an id that was not given out before; JSON needs no escapes for it."""
        return f"{self._prefix}{next(self._numbers)}"


def _checked(operation: str) -> str:
    if _is_name(operation) is None:
        raise ValueError(
            f"an operation has 1 to 128 of the characters A-Z a-z 0-9 . _ : @ / - and begins with a"
            f" letter or digit, not {operation[:200]!r}"
        )
    return operation
