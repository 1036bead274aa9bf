"""Waiting in parts: progress is told between them, and a daemon that is away costs one."""

import time
from collections.abc import Callable
from typing import TypeVar

from penholder import ConnectionLost, DaemonUnreachable
from penholder.cli.mcp.job import Job

PART_S = 10.0
"""How often who asked for that is told that it goes on."""
_PAUSE_S = 1.0
T = TypeVar("T")


def look(job: Job, left_s: float, otherwise: T, ask: Callable[[float], T]) -> T:
    """Ask for a part of the time that is left; what is known already where nobody answers."""
    job.may_be_left = True
    within_s = max(0.0, min(left_s, PART_S))
    until = time.monotonic() + within_s
    try:
        return ask(within_s)
    except (ConnectionLost, DaemonUnreachable):
        if job.over.wait(min(_PAUSE_S, max(0.0, until - time.monotonic()))):
            raise
        return otherwise
