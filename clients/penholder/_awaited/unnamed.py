"""An error that names no request: the daemon could not read the frame in which one was.

Which one is found by leaving out those that are answered after all. A wait may be answered late,
so a wait is meant only where no other call is open.
"""

from collections.abc import Iterable
from typing import Generic, TypeVar

T = TypeVar("T")


class Unnamed(Generic[T]):
    """One such error, and the requests that it may be about, oldest first."""

    def __init__(self, error: T, calls: Iterable[str], waits: Iterable[str]) -> None:
        """Take the ids of the calls and waits that were open when it came."""
        self.error = error
        self._calls = list(calls)
        self._waits = list(waits)

    def answered(self, request_id: str) -> None:
        """Leave out a request that was answered, or given up."""
        for ids in (self._calls, self._waits):
            if request_id in ids:
                ids.remove(request_id)

    def found(self) -> str | None:
        """Return the request that it is about, once there is no doubt left."""
        if not self._calls:
            return self._waits[-1] if self._waits else None
        return self._calls[0] if len(self._calls) == 1 else None

    @property
    def left(self) -> list[str]:
        """The requests that it may still be about."""
        return self._calls[:] or self._waits[-1:]
