"""The writer inside the loop alone, for simulation: one thread, so that a run can be replayed."""

from collections.abc import Callable

import trio

from penholder_daemon.core.commit import Committer
from penholder_daemon.shell.fairness.accounts import Account
from penholder_daemon.shell.fairness.write_queue import Admitted, WriteJob, WriteQueue
from penholder_daemon.shell.store.batch import Batch
from penholder_daemon.shell.store.writer_ports import Deliver

Soon = Callable[[Callable[[], None]], None]
"""Has something done in the loop, a little later."""


class InlineWriter:
    """One batch a turn of the loop."""

    _deliver: Deliver

    def __init__(self, committer: Committer, soon: Soon | None = None) -> None:
        """Bind to the running loop; `soon` says when a batch is written, else at its next turn."""
        self._committer = committer
        self._soon = soon or trio.lowlevel.current_trio_token().run_sync_soon
        self._waiting = WriteQueue()
        self._admitted = Admitted()
        self._is_due = False

    def start(self, deliver: Deliver) -> None:
        """Begin to write; `deliver` is called in the loop."""
        self._deliver = deliver

    @property
    def waiting(self) -> int:
        """How many mutations wait."""
        return self._admitted.calls

    @property
    def fault(self) -> str | None:
        """Why nothing can be written at the moment."""
        return self._committer.fault

    def submit(self, job: WriteJob) -> None:
        """Queue a mutation; raises Busy."""
        self._admitted.admit(job)
        self._waiting.add(job)
        self._come_again()

    def resume(self, account: Account) -> None:
        """Go on with the mutations of a connection whose peer has room for answers again."""
        self._waiting.resume(account)
        self._come_again()

    def _come_again(self) -> None:
        if self._waiting and not self._is_due:
            self._is_due = True
            self._soon(self._write)

    def _write(self) -> None:
        self._is_due = False
        # A clock that stands still: a batch that ended by the time it took would not replay from a
        # seed.
        batch = Batch(self._waiting, lambda: 0.0, 0.0)
        outcome = self._committer.run(batch.calls(), batch.answered)
        self._come_again()
        self._admitted.let_go(batch.jobs)
        self._deliver(batch.jobs, outcome)
        batch.tell_delivered()
