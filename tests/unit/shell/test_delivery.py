"""A commit's delivery never raises: what one answer or effect meets is nothing to the others."""

from typing import Any

import structlog.testing

from penholder_daemon.core.commit import Answer, BatchOutcome
from penholder_daemon.core.effects import CloseWorker, Effect, WakeWaiters
from penholder_daemon.core.streams import Selection
from penholder_daemon.shell.connections.outbox import Flusher
from penholder_daemon.shell.fairness.write_queue import WriteJob
from penholder_daemon.shell.publishing.publisher import Publisher, Watch
from penholder_daemon.shell.running.delivery import Delivery
from penholder_daemon.shell.running.stopping import Stop
from tests.helpers.harness import Bench


class NoSockets:
    """Sockets that meet an error whatever they are asked."""

    def drop_worker(self, *_: object, **__: object) -> None:
        """Fail."""
        raise OSError("the directory is gone")


async def test_what_fails_in_a_delivery_fails_alone(bench: Bench) -> None:
    publisher = Publisher(0)
    others: dict[str, Any] = {
        "sockets": NoSockets(),
        "processes": None,
        "timers": None,
        "blobs": None,
    }
    delivery = Delivery(publisher=publisher, flusher=Flusher(), stop=Stop(), **others)
    watch = Watch(Selection(["daemon"]))
    publisher.watch(watch)
    told: list[int] = []

    def job(number: int) -> WriteJob:
        def done(_: Answer) -> None:
            told.append(number)
            if number % 2:
                raise RuntimeError("a bug")

        return WriteJob(bench.invocation("worker.heartbeat", {"worker_id": "w"}), done)

    effects: list[Effect] = [CloseWorker("w"), WakeWaiters("daemon")]
    outcome = BatchOutcome([b"1"] * 4, effects=effects)
    with structlog.testing.capture_logs() as logged:
        delivery.deliver([job(number) for number in range(4)], outcome)
    assert told == [0, 1, 2, 3]
    assert watch.heard.is_set()
    assert [line["what"] for line in logged] == ["an effect of a commit", "an answer", "an answer"]
