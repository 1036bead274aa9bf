"""The writer's thread: what nobody foresaw ends the daemon, never the thread alone."""

from collections.abc import Sequence

import structlog.testing
import trio

from penholder_daemon.core.commit import Outcome
from penholder_daemon.core.leases import Beat
from penholder_daemon.shell.fairness.write_queue import Job
from penholder_daemon.shell.observing.counters import Tally
from penholder_daemon.shell.observing.request_log import RequestLog
from penholder_daemon.shell.settings import Settings
from penholder_daemon.shell.store.writer import ThreadWriter
from tests.helpers.harness import Bench


class _BrokenPen:
    """Stands for a pen that meets what it does not know."""

    fault = None
    progressed_at = 0.0

    def heartbeat(self) -> Outcome:
        """Meet it."""
        raise OSError("what nobody foresaw")


async def test_what_nobody_foresaw_ends_the_daemon(bench: Bench) -> None:
    ended = trio.Event()

    def deliver(jobs: Sequence[Job], outcome: Outcome) -> None:
        assert not jobs
        assert outcome.fatal
        ended.set()

    with structlog.testing.capture_logs() as logged:
        pen = _BrokenPen()
        writer = ThreadWriter(
            pen, deliver, Tally(), RequestLog(Settings()), Beat(bench.world)  # type: ignore[arg-type]  # what it needs of a pen
        )  # fmt: skip
        await ended.wait()
        await writer.stop()
    assert "the writer failed inside the daemon" in [line["event"] for line in logged]
