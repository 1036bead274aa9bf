"""Who is asked what to make of a daemon that says nothing, while somebody waits for it.

Nothing to hear may be as it should: a wait takes its time, and a subscription has nothing to tell.
Or the daemon hangs. The connection cannot know which; whoever attends to it can look.
"""

from typing import Protocol

from penholder._shared.failures import ConnectionLost

_FIRST_MS = 1000
_LONGEST_MS = 32_000


class Unanswered(ConnectionLost):
    """Who attends to the daemon waits no longer; no other attempt is made."""


class Attention(Protocol):
    """Somebody who looks whether a daemon that is silent still answers."""

    def look(self) -> None:
        """Look; raises Unanswered where the call is to end, and else it goes on waiting."""

    def failed(self, why: Exception) -> None:
        """Hear that an attempt has failed, and that another one is made soon."""


class Silence:
    """The silence that one wait has met, and when to look next: ever more seldom."""

    __slots__ = ("_attention", "limit_ms")

    def __init__(self, attention: Attention) -> None:
        """Begin with a first look after a second."""
        self._attention = attention
        self.limit_ms = _FIRST_MS

    def look(self) -> None:
        """Have it looked after `limit_ms` of silence."""
        self._attention.look()
        self.limit_ms = min(2 * self.limit_ms, _LONGEST_MS)
