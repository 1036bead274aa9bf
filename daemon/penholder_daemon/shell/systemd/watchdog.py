"""The watchdog: systemd hears again and again that the writer gets on, or ends the daemon.

A watchdog that is fed by a timer says that the timer runs. What must be known is whether mutations
are still carried out. So trio's loop tells systemd, of the writer's own progress: a loop that hangs
tells nothing, and a writer that hangs is told of no more. A busy writer progresses with every
statement and within a long one, an idle one once a second, so neither is taken for one that hangs.

A writer that has been silent for half of the time that systemd allows is not vouched for any more.
"""

import os
from collections.abc import Callable

import structlog
import trio

from penholder_daemon.shell.systemd.notify import notify

log = structlog.get_logger()

_STATUS_SECONDS = 5.0
_TELLS_AN_INTERVAL = 4


def watchdog_seconds() -> float | None:
    """Return after how long a silence systemd ends this process; None if it does not."""
    pid = os.environ.get("WATCHDOG_PID")
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    # Meant for another process, whose environment this one has inherited.
    if not microseconds.isdecimal() or pid not in (None, str(os.getpid())):
        return None
    return int(microseconds) / 1_000_000


async def tell_progress(silent_seconds: Callable[[], float], figures: Callable[[], str]) -> None:
    """Tell systemd for ever how it goes; returns at once where nobody listens.

    `silent_seconds` says for how long the writer has not got on, `figures` what the daemon does.
    """
    limit = watchdog_seconds()
    every = _STATUS_SECONDS if limit is None else min(_STATUS_SECONDS, limit / _TELLS_AN_INTERVAL)
    while "NOTIFY_SOCKET" in os.environ:
        notify(_state(limit, silent_seconds(), figures))
        await trio.sleep(every)


def _state(limit: float | None, silent: float, figures: Callable[[], str]) -> str:
    if limit is None:
        return f"STATUS={figures()}"
    if silent < limit / 2:
        return f"WATCHDOG=1\nSTATUS={figures()}"
    log.error("the writer is stuck; systemd will end the daemon", silent_s=round(silent, 1))
    return f"STATUS=the writer is stuck for {silent:.0f} s"
