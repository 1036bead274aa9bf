"""The log hears of the first failure of a row and of the end of the row, not of each."""

from collections.abc import Callable

import structlog

from penholder_daemon.core.commit import BatchOutcome, Committer

log = structlog.get_logger()


def logged(committer: Committer, act: Callable[[], BatchOutcome]) -> BatchOutcome:
    """Have a committer do something, and log where it begins or ends to fail."""
    before = committer.fault
    outcome = act()
    if before is None and committer.fault is not None:
        log.error("writes fail", reason=committer.fault)
    elif before is not None and committer.fault is None:
        log.info("writes work again")
    return outcome
