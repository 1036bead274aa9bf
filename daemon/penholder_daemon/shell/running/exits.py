"""Seated processes that ended, each told to the writer until it is written.

The kernel says once that a process has ended. What follows from it (the worker goes to error, its
questions are canceled, its seat is free) is a mutation, and that may be refused: by a full queue,
or by a disk that takes nothing. Nobody else would tell it again, and the worker would seem to live.
So it is told again every second until it is written. A second time it does no harm, since it names
the epoch: of a seat that has been taken again since, it says nothing.

What this run never learns the next one does: at a start each seat that is held is looked at.
"""

from collections.abc import Callable
from functools import partial

import structlog
import trio

from penholder_daemon.core.commit import Answer
from penholder_daemon.core.method import Invocation
from penholder_daemon.shell.fairness.write_queue import WriteJob
from penholder_protocol.errors import PenholderError

log = structlog.get_logger()

_AGAIN_SECONDS = 1.0


class Exits:
    """Reports the ends of seats."""

    def __init__(
        self,
        nursery: trio.Nursery,
        make_call: Callable[[str, int], Invocation],
        submit: Callable[[WriteJob], None],
    ) -> None:
        """`make_call(worker_id, epoch)` makes the daemon's own mutation that ends a seat."""
        self._nursery = nursery
        self._make_call = make_call
        self._submit = submit

    def report(self, worker_id: str, epoch: int) -> None:
        """Have it written that the process of a seat ended."""
        call = self._make_call(worker_id, epoch)
        try:
            self._submit(WriteJob(call, partial(self._written, worker_id, epoch)))
        except PenholderError as busy:
            self._written(worker_id, epoch, busy)

    def _written(self, worker_id: str, epoch: int, answer: Answer) -> None:
        if isinstance(answer, PenholderError):
            log.warning("the end of a process waits", worker_id=worker_id, reason=str(answer))
            self._nursery.start_soon(self._report_again, worker_id, epoch)

    async def _report_again(self, worker_id: str, epoch: int) -> None:
        await trio.sleep(_AGAIN_SECONDS)
        self.report(worker_id, epoch)
