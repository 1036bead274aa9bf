"""A commit's delivery never raises: what one answer or effect meets is nothing to the others."""

from pathlib import Path

import structlog.testing
from msgspec import Raw

from penholder_daemon.core.commit import Answer, Outcome
from penholder_daemon.core.effects import CloseWorker, Effect, WakeWaiters
from penholder_daemon.core.streams import Selection
from penholder_daemon.rooms import build_registry
from penholder_daemon.shell.connections.dispatch import Dispatcher
from penholder_daemon.shell.disk.paths import Paths
from penholder_daemon.shell.fairness.write_queue import Job
from penholder_daemon.shell.publishing.publisher import Publisher, Watch
from penholder_daemon.shell.running.delivery import House
from penholder_daemon.shell.running.status import Facts
from penholder_daemon.shell.running.stopping import Stop
from penholder_daemon.shell.settings import Settings
from tests.helpers.fakes import FakeWorld
from tests.helpers.harness import Bench


class NoSockets:
    """Sockets that meet an error whatever they are asked."""

    def drop_worker(self, *_: object, **__: object) -> None:
        """Fail."""
        raise OSError("the directory is gone")


async def test_what_fails_in_a_delivery_fails_alone(bench: Bench) -> None:
    world = FakeWorld()
    facts = Facts(Paths(Path("/s"), Path("/r")), Settings(), world.now())
    house = House(
        world, Dispatcher(build_registry()), Publisher(0), lambda: Raw(b"{}"), Stop(), facts
    )
    house.sockets = NoSockets()  # type: ignore[assignment]  # all of them that is asked for
    watch = Watch(Selection(["daemon"]))
    house.publisher.watch(watch)
    told: list[int] = []

    def job(number: int) -> Job:
        def done(_: Answer) -> None:
            told.append(number)
            if number % 2:
                raise RuntimeError("a bug")

        return Job(bench.invocation("worker.heartbeat", {"worker_id": "w"}), done)

    effects: list[Effect] = [CloseWorker("w"), WakeWaiters("daemon")]
    outcome = Outcome([b"1"] * 4, effects=effects)
    with structlog.testing.capture_logs() as logged:
        house.deliver([job(number) for number in range(4)], outcome)
    assert told == [0, 1, 2, 3]
    assert watch.heard.is_set()
    assert [line["what"] for line in logged] == ["an effect of a commit", "an answer", "an answer"]
