"""What a worker says beside events: calls of its own, in one order with them.

A turn that begins changes the worker's state, and what is told of it must come neither before nor
after. So such calls wait in the backlog among the events, and the sender carries out one after the
other, each under one idempotency key for all attempts.
"""

from typing import Protocol, TypeVar

import msgspec

Result = TypeVar("Result", bound=msgspec.Struct)


class Insist(Protocol):
    """Calls until it is done; raises PenholderError where it is refused for good."""

    def __call__(
        self, method: str, params: dict[str, object], result_type: type[Result], /
    ) -> Result:
        """Call under one key."""


class Act(Protocol):
    """Something to be done in its turn, by the sender's thread."""

    @property
    def size_bytes(self) -> int:
        """What it holds; a backlog counts it."""

    def carry_out(self, insist: Insist) -> None:
        """Do it. What it raises ends the sender: it takes refusals that end nothing itself."""
