"""What the log says of a commit that took long."""

import pytest
import structlog.testing

from penholder_daemon.core.commit import BatchOutcome
from penholder_daemon.shell.observing.request_log import RequestLog, Trace
from penholder_daemon.shell.settings import Settings


@pytest.mark.parametrize(
    ("ran_ms", "synced_ms", "waited_for"),
    [(1, 4000, "disk"), (4000, 1, "handlers"), (1, 0, "lock"), (0, 5000, "disk")],
)
def test_a_slow_commit_names_what_took_most_of_its_time(
    ran_ms: int, synced_ms: int, waited_for: str
) -> None:
    outcome = BatchOutcome([], ran_ms=ran_ms, synced_ms=synced_ms)
    with structlog.testing.capture_logs() as logged:
        RequestLog(Settings()).committed([Trace("event.append", "r1")], outcome, 5.0)
    [line] = logged
    assert (line["event"], line["waited_for"]) == ("slow commit", waited_for)
    assert (line["methods"], line["request_ids"]) == (["event.append"], ["r1"])
