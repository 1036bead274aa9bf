"""A keyed call that acts is carried out once, whenever the others of its key come."""

import trio
import trio.testing
from outcome import Outcome, Value

from penholder_daemon.shell.connections.once import Once
from penholder_daemon.shell.fairness.desks import ReadJob
from penholder_daemon.shell.fairness.write_queue import WriteJob
from tests.helpers.harness import Bench


class SlowDesk:
    """Looks at once, and tells what came of it when the test says so."""

    def __init__(self, bench: Bench) -> None:
        """Look at a bench."""
        self._bench = bench
        self._unanswered: list[tuple[ReadJob[object], Outcome[object]]] = []

    def submit(self, job: ReadJob[object]) -> None:
        """Look."""
        found = job.function(self._bench.rx(job.caller))
        self._unanswered.append((job, Value(found)))

    async def tell(self) -> None:
        """Tell what came of all looks, and let whoever heard it go on."""
        unanswered, self._unanswered = self._unanswered, []
        for job, found in unanswered:
            job.done(found)
        await trio.testing.wait_all_tasks_blocked()


async def test_a_view_from_before_the_answer_was_kept_does_not_act_again(bench: Bench) -> None:
    acted: list[int] = []
    answers: list[bytes] = []
    call = bench.invocation("daemon.shutdown", {"idempotency_key": "k"})

    async def act() -> object:
        acted.append(1)
        return "done"

    async def ask(once: Once, desk: SlowDesk) -> None:
        answers.append(await once.carry_out(call, act, desk))  # type: ignore[arg-type]  # what it needs of a desk

    def submit(job: WriteJob) -> None:
        job.done(bench.run([job.call])[0])

    first, second = SlowDesk(bench), SlowDesk(bench)
    async with trio.open_nursery() as nursery:
        once = Once(bench.registry, nursery, submit)
        nursery.start_soon(ask, once, first)
        nursery.start_soon(ask, once, second)
        await trio.testing.wait_all_tasks_blocked()
        await first.tell()
        await second.tell()
        await second.tell()
    assert acted == [1]
    assert answers == [b'"done"', b'"done"']
