"""The writer's core, whose mirrors are compared with what is stored after each batch.

Every test that runs batches uses it, so whatever a test is about, it is about the mirrors too.
"""

from collections.abc import Callable, Iterable

from penholder_daemon.core.commit import Answer, BatchOutcome, Committer
from penholder_daemon.core.method import Invocation


def _unheard(_: Answer) -> None:
    """Tell nobody what came of a call."""


class ComparedCommitter(Committer):
    """A committer that does not let a wrong mirror pass."""

    def run(
        self,
        batch: Iterable[Invocation],
        answered: Callable[[Answer], None] = _unheard,
        heard_ms: int | None = None,
        *,
        waits: bool = True,
    ) -> BatchOutcome:
        """Commit a batch, and compare."""
        outcome = super().run(batch, answered, heard_ms, waits=waits)
        assert list(self.differences()) == []
        return outcome
