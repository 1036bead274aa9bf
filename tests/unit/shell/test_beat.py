"""While the loop stands still nobody is heard, so no lease runs out, whoever is read first then."""

from collections.abc import Callable, Iterable, Sequence

import trio
import trio.testing

from penholder_daemon.core.commit import Answer, BatchOutcome
from penholder_daemon.core.leases import Beat
from penholder_daemon.core.method import Invocation
from penholder_daemon.shell.connections.hub import Hub
from penholder_daemon.shell.fairness.write_queue import WriteJob
from penholder_daemon.shell.observing.counters import Counters
from penholder_daemon.shell.observing.request_log import RequestLog
from penholder_daemon.shell.running.beat import keep_beating
from penholder_daemon.shell.settings import Settings
from penholder_daemon.shell.store.writer import AdaptiveWriter
from penholder_protocol.errors import RunnerLeaseConflict
from tests.helpers.harness import Bench, unwrap
from tests.helpers.running import claim, make_run


class BenchConnection:
    """Stands for the writer's connection: it writes to a bench, whose time the test turns."""

    fault = None
    progressed_at = 0.0

    def __init__(self, bench: Bench) -> None:
        """Write there."""
        self._bench = bench

    def run(
        self,
        batch: Iterable[Invocation],
        answered: Callable[[Answer], None],
        heard_ms: int | None = None,  # noqa: ARG002 - by a clock that this world does not have
        *,
        waits: bool = True,
    ) -> BatchOutcome:
        """Commit."""
        return self._bench.committer.run(batch, answered, waits=waits)

    def watch(self, hub: Hub, act: Callable[[], object]) -> None:
        """Nobody else writes."""

    def hurry(self) -> None:
        """Nobody is waited for."""

    def in_loop(self, act: Callable[[], None], hub: Hub) -> None:  # noqa: ARG002 - nobody waits
        """Do it."""
        act()

    def heartbeat(self) -> BatchOutcome:
        """Leave the writer's beat to the test."""
        return BatchOutcome([])

    checkpoint_is_due = False

    def checkpoint(self) -> None:
        """Leave the log."""


class Scene:
    """A loop with its beat, and a writer on its thread."""

    def __init__(self, bench: Bench) -> None:
        """Start the thread."""
        self.bench = bench
        self.beat = Beat(bench.world)
        self.writer = AdaptiveWriter(
            BenchConnection(bench),  # type: ignore[arg-type]  # what the writer needs of it
            Counters(), RequestLog(Settings()), self.beat, Hub(lambda: None),
        )  # fmt: skip
        self.writer.start(self._deliver)

    def _deliver(self, jobs: Sequence[WriteJob], outcome: BatchOutcome) -> None:
        assert not outcome.fatal
        for job, answer in zip(jobs, outcome.answers, strict=True):
            job.done(answer)

    def stand_still(self, seconds: int) -> None:
        """Have the loop do nothing while the writer's thread beats on."""
        for _ in range(2 * seconds):
            self.bench.world.pass_ms(500)
            self.bench.committer.heartbeat()

    async def ask(self, *asked: tuple[str, dict[str, object]]) -> list[Answer]:
        """Submit calls in one turn of the loop and wait for their answers."""
        answers: list[Answer] = []
        all_came = trio.Event()

        def done(answer: Answer) -> None:
            answers.append(answer)
            if len(answers) == len(asked):
                all_came.set()

        for method, params in asked:
            self.writer.submit(WriteJob(self.bench.invocation(method, params), done))
        await all_came.wait()
        return answers


async def test_who_is_read_first_after_a_stall_gets_nothing_that_another_holds(
    bench: Bench,
) -> None:
    make_run(bench)
    lease = claim(bench, lease_ms=10_000)
    scene = Scene(bench)
    scene.stand_still(16)  # the holder's heartbeat is sent meanwhile, and lies unread
    refused, beaten = await scene.ask(
        ("run.claim", {"run_id": "r1", "runner_id": "rn2", "lease_ms": 10_000}),
        ("run.heartbeat", {"run_id": "r1", "lease": lease, "lease_ms": 10_000}),
    )
    await scene.writer.stop()
    assert isinstance(refused, RunnerLeaseConflict)
    assert b'"claimed_by":"rn1"' in unwrap(beaten)


async def test_a_loop_that_goes_on_lets_leases_run_out(
    bench: Bench, mock_clock: trio.testing.MockClock
) -> None:
    make_run(bench)
    claim(bench, lease_ms=10_000)
    scene = Scene(bench)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(keep_beating, scene.beat, lambda: None)
        for _ in range(20):
            await trio.testing.wait_all_tasks_blocked()
            bench.world.pass_ms(500)
            bench.committer.heartbeat()
            mock_clock.jump(0.5)
        await trio.testing.wait_all_tasks_blocked()
        [claimed] = await scene.ask(
            ("run.claim", {"run_id": "r1", "runner_id": "rn2", "lease_ms": 10_000})
        )
        nursery.cancel_scope.cancel()
    await scene.writer.stop()
    assert b'"claimed_by":"rn2"' in unwrap(claimed)
