"""Whether a worker lives, as far as can be told from here."""

from typing import Protocol

UNREACHABLE = "unreachable"
ENDED = ("stopped", "error")
"""States of a worker that was not left to go on."""


class Seat(Protocol):
    """What says whether a worker lives."""

    @property
    def state(self) -> str:
        """The worker's state."""

    @property
    def recovery_state(self) -> str:
        """Whether its seat is held."""

    @property
    def runtime_pid(self) -> int | None:
        """Who sits there."""


def is_living(state: str, recovery_state: str, runtime_pid: int | None = None) -> bool:
    """Tell whether a worker's seat is held, or it is starting.

    Of one whose host is not heard of nobody knows: unless it had ended it is taken for living. So
    is one that was stopped meanwhile, while a process still sits there: only its own host ends it.
    """
    if recovery_state == UNREACHABLE:
        return state not in ENDED or runtime_pid is not None
    return recovery_state == "attached" or state == "starting"
