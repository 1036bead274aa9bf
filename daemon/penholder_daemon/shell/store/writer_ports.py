"""The writer as others see it, and what it needs of them."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

from penholder_daemon.core.commit import BatchOutcome
from penholder_daemon.shell.fairness.accounts import Account
from penholder_daemon.shell.fairness.write_queue import WriteJob

Deliver = Callable[[Sequence[WriteJob], BatchOutcome], None]


Come: TypeAlias = WriteJob | Account | None
"""What the writer is told: a mutation, a connection that has room again, or to stop."""


class Hub(Protocol):
    """What the writer needs of who reads for all connections."""

    def read(self) -> object:
        """Read what has come meanwhile, and submit what is asked for."""

    def soon(self, act: Callable[[], object]) -> None:
        """Have something done when all that came in this turn is read."""

    def when_ready(self, fd: int, events: int, act: Callable[[], object]) -> bool:
        """Have something done once when a descriptor is ready; False where nobody looks."""


class Writer(Protocol):
    """What a connection sees of the writer."""

    def submit(self, job: WriteJob) -> None:
        """Queue a mutation; raises Busy when the queue is full."""

    def resume(self, account: Account) -> None:
        """Go on with the mutations of a connection whose peer has room for answers again."""

    @property
    def waiting(self) -> int:
        """How many mutations wait or are being written."""

    @property
    def fault(self) -> str | None:
        """Why nothing can be written at the moment; None if nothing is known to be wrong."""
