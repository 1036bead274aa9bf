"""One batch: the mutations of one transaction, taken from the queue while it runs.

Were all that waits taken at once, the first one's answer would come when the last one's work is
done, however much that is. So a call is taken when the one before it is done, and a batch ends
where it has cost enough: in calls, in bytes, in milliseconds.

Whoever was answered just now is likely to ask again at once. So a batch that has carried
everything out looks for what has come meanwhile (`_LOOKS_FOR_MORE`), before it commits: who comes
late shares the sync in place of waiting for it, and makes it longer by its own work only.
"""

from collections.abc import Callable, Iterator

from penholder_daemon.core.commit import Answer
from penholder_daemon.core.method import Invocation
from penholder_daemon.shell.fairness.write_queue import WriteJob, WriteQueue
from penholder_protocol.limits import MAX_COMMIT_BATCH, MAX_COMMIT_BATCH_BYTES

_LOOKS_FOR_MORE = 2
"""How often a batch that has carried everything out looks for what has come meanwhile."""


def nothing_comes() -> None:
    """Nothing comes while a batch runs."""


class Batch:
    """Mutations of one transaction, taken while it runs."""

    def __init__(
        self,
        waiting: WriteQueue,
        clock: Callable[[], float],
        seconds: float,
        take_in: Callable[[], object] = nothing_comes,
    ) -> None:
        """Take what waits for so many seconds at most; `take_in` has it filled up."""
        self._waiting = waiting
        self._take_in = take_in
        self._clock = clock
        self._seconds = seconds
        self._bytes = 0
        self._answered: list[int] = []
        self.jobs: list[WriteJob] = []

    def calls(self) -> Iterator[Invocation]:
        """Take what waits until it has cost enough."""
        take, clock = self._waiting.take, self._clock
        # Not from before the transaction began: one that waited and cannot begin has to refuse who
        # waits.
        until = clock() + self._seconds
        looks = _LOOKS_FOR_MORE
        for _ in range(MAX_COMMIT_BATCH):
            # Asked before a call is taken, not after: what was taken has to be carried out.
            if self._bytes >= MAX_COMMIT_BATCH_BYTES or clock() > until:
                return
            job = take()
            while job is None and looks:
                looks -= 1
                self._take_in()
                job = take()
            if job is None:
                return
            self.jobs.append(job)
            self._bytes += job.params_bytes
            yield job.call

    def answered(self, answer: Answer) -> None:
        """Count the answer to the call that was taken last."""
        size = len(answer) if isinstance(answer, bytes) else 0
        self._bytes += size
        self._answered.append(size)
        # At once, so that the next turn of this connection in the same batch is judged with it.
        self.jobs[-1].account.written_bytes += size

    def tell_delivered(self) -> None:
        """Let every connection know, in the loop, that what was made for it has arrived."""
        # Not strict: where the transaction was lost amid a call, that call has no size.
        for job, size in zip(self.jobs, self._answered, strict=False):
            job.account.delivered(size)
