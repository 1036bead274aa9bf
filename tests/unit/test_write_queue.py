"""Since when somebody waits for a turn at the writer, not behind calls of its own."""

from penholder_daemon.shell.accounts import Account, unlimited
from penholder_daemon.shell.request_log import Trace
from penholder_daemon.shell.write_queue import Job, WriteQueue
from tests.unit.harness import Bench


def _job(bench: Bench, account: Account, arrived: float) -> Job:
    trace = Trace()
    trace.arrived = arrived
    return Job(bench.invocation("controller.register", {"label": "l", "workspace_key": "/"}),
               lambda _: None, trace, account)  # fmt: skip


def test_who_waits_longest_for_a_turn_is_told(bench: Bench) -> None:
    waiting = WriteQueue()
    eager, modest = unlimited(), unlimited()
    for arrived in (1.0, 1.1, 1.2):
        waiting.add(_job(bench, eager, arrived))
    waiting.add(_job(bench, modest, 2.0))
    assert waiting.waits_since == 1.0
    waiting.take()
    assert waiting.waits_since == 2.0
    waiting.take()
    # The next of the one that pipelines waits since its connection had a turn, which is just now.
    assert waiting.waits_since > 2.0


def test_nobody_waits_in_an_empty_queue(bench: Bench) -> None:
    waiting = WriteQueue()
    before = waiting.waits_since
    waiting.add(_job(bench, unlimited(), 0.5))
    assert waiting.waits_since == 0.5 < before
