"""What falls due by itself, under a clock that the test turns."""

import trio
import trio.testing

from penholder_daemon.core.commit import Answer
from penholder_daemon.core.own_calls import daemon_caller
from penholder_daemon.shell.fairness.write_queue import WriteJob
from penholder_daemon.shell.running.timers import Timers
from penholder_protocol.errors import Busy, StoreFailed
from tests.helpers.harness import Bench


class Played:
    """Timers over a bench, with the world's clocks tied to trio's own."""

    def __init__(self, bench: Bench, clock: trio.testing.MockClock) -> None:
        """Have every submitted job carried out at once, unless told otherwise."""
        self.bench = bench
        self.clock = clock
        self.ran: list[str] = []
        self.answer: Answer | None = None
        self.is_busy = False
        self.timers = Timers(bench.registry, bench.world, daemon_caller(0, 1), self.submit)

    def submit(self, job: WriteJob) -> None:
        """Carry a job out."""
        if self.is_busy:
            raise Busy
        self.ran.append(job.call.method.name)
        job.done(self.answer if self.answer is not None else self.bench.run([job.call])[0])

    async def pass_seconds(self, seconds: float) -> None:
        """Let time pass on all clocks."""
        await trio.testing.wait_all_tasks_blocked()
        self.bench.world.pass_ms(int(seconds * 1000))
        self.clock.jump(seconds)
        await trio.testing.wait_all_tasks_blocked()

    def runs_of(self, name: str) -> int:
        """Count."""
        return self.ran.count(name)


EXPIRE = "approval.expire_due"


async def test_everything_is_due_at_the_start_and_then_when_it_asked(
    bench: Bench, mock_clock: trio.testing.MockClock
) -> None:
    bench.worker()
    bench.call("approval.request", worker_id="w1", message="?", deadline_ms=100_000)
    played = Played(bench, mock_clock)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(played.timers.run)
        await played.pass_seconds(0)
        assert {EXPIRE, "daemon.forget_old_answers"} <= set(played.ran)
        await played.pass_seconds(99)
        assert played.runs_of(EXPIRE) == 1
        await played.pass_seconds(1)
        assert played.runs_of(EXPIRE) == 2
        assert bench.call("approval.get", request_id="ap_1")["state"] == "expired"
        await played.pass_seconds(10_000)
        assert played.runs_of(EXPIRE) == 2  # nothing is pending, so it does not come again
        assert played.runs_of("daemon.forget_old_answers") == 2
        nursery.cancel_scope.cancel()


async def test_it_is_woken_for_what_falls_due_sooner(
    bench: Bench, mock_clock: trio.testing.MockClock
) -> None:
    bench.worker()
    played = Played(bench, mock_clock)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(played.timers.run)
        await played.pass_seconds(1)
        bench.call("approval.request", worker_id="w1", message="?", deadline_ms=5000)
        played.timers.wake_at(bench.world.boottime_ms() + 5000)
        await played.pass_seconds(4.999)
        assert played.runs_of(EXPIRE) == 1
        await played.pass_seconds(0.001)
        assert bench.call("approval.get", request_id="ap_1")["state"] == "expired"
        nursery.cancel_scope.cancel()


async def test_a_failure_or_a_full_queue_is_tried_again(
    bench: Bench, mock_clock: trio.testing.MockClock
) -> None:
    played = Played(bench, mock_clock)
    played.answer = StoreFailed("full")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(played.timers.run)
        await played.pass_seconds(0)
        assert played.runs_of(EXPIRE) == 1
        await played.pass_seconds(1)
        assert played.runs_of(EXPIRE) == 2
        played.is_busy = True
        await played.pass_seconds(1)
        assert played.runs_of(EXPIRE) == 2
        played.is_busy, played.answer = False, None
        await played.pass_seconds(1)
        assert played.runs_of(EXPIRE) == 3
        nursery.cancel_scope.cancel()


async def test_a_suspend_is_no_sleep(bench: Bench, mock_clock: trio.testing.MockClock) -> None:
    """After a suspend more time has passed than was slept; a minute later it is seen."""
    bench.worker()
    bench.call("approval.request", worker_id="w1", message="?", deadline_ms=3_600_000)
    played = Played(bench, mock_clock)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(played.timers.run)
        await played.pass_seconds(0)
        bench.world.suspend(3_600_000)
        await played.pass_seconds(60)
        assert bench.call("approval.get", request_id="ap_1")["state"] == "expired"
        nursery.cancel_scope.cancel()
