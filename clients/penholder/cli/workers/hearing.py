"""Whether anybody is left who would take the answer of a question, as far as can be told from here.

Who gives a seat up leaves its questions pending, since the next process may look for their answers.
In a worker that was stopped nobody ever sits again; in one that is in error a next process may, but
takes up only what was to be kept for it. What was asked beside a seat (`runtime_epoch` null) is
somebody's who never sat there, such as a manager's: of that one nothing is known.
"""

from typing import Protocol

from penholder.cli.workers import living
from penholder.cli.workers.living import Seat

NOBODY_WAITS = "nobody waits for it any more"


class Asked(Protocol):
    """What says for whom a question was asked."""

    @property
    def keep(self) -> bool:
        """Whether it outlives the process that asked."""

    @property
    def runtime_epoch(self) -> int | None:
        """The seat that asked; None where it was asked beside any."""


def is_heard(question: Asked, asker: Seat) -> bool:
    """Tell whether somebody may take the answer of a pending question."""
    if question.runtime_epoch is None:
        return True
    if living.is_living(asker.state, asker.recovery_state, asker.runtime_pid):
        return True
    is_taken_up = question.keep and asker.state == "error"
    return is_taken_up or asker.state not in living.ENDED
