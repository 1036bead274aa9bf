"""The writer's thread: what nobody foresaw ends the daemon, never the thread alone."""

from collections.abc import Callable, Sequence

import structlog.testing
import trio

from penholder_daemon.core.commit import BatchOutcome
from penholder_daemon.core.leases import Beat
from penholder_daemon.shell.connections.hub import Hub
from penholder_daemon.shell.fairness.write_queue import WriteJob
from penholder_daemon.shell.observing.counters import Counters
from penholder_daemon.shell.observing.request_log import RequestLog
from penholder_daemon.shell.settings import Settings
from penholder_daemon.shell.store.writer import AdaptiveWriter
from tests.helpers.harness import Bench


class _BrokenConnection:
    """Stands for a connection that meets what it does not know."""

    fault = None
    progressed_at = 0.0

    def watch(self, hub: Hub, act: Callable[[], object]) -> None:
        """Nobody else writes."""

    def hurry(self) -> None:
        """Nobody is waited for."""

    def in_loop(self, act: Callable[[], None], hub: Hub) -> None:  # noqa: ARG002 - nobody waits
        """Do it."""
        act()

    def heartbeat(self) -> BatchOutcome:
        """Meet it."""
        raise OSError("what nobody foresaw")


async def test_what_nobody_foresaw_ends_the_daemon(bench: Bench) -> None:
    ended = trio.Event()

    def deliver(jobs: Sequence[WriteJob], outcome: BatchOutcome) -> None:
        assert not jobs
        assert outcome.fatal
        ended.set()

    with structlog.testing.capture_logs() as logged:
        writer = AdaptiveWriter(
            _BrokenConnection(),  # type: ignore[arg-type]  # what the writer needs of it
            Counters(), RequestLog(Settings()), Beat(bench.world), Hub(lambda: None),
        )  # fmt: skip
        writer.start(deliver)
        await ended.wait()
        await writer.stop()
    assert "the writer failed inside the daemon" in [line["event"] for line in logged]
