"""What an agent is at is told when something has changed, and at most once a second."""

import threading

import pytest

from penholder.cli.agent.progress import Progress
from penholder.cli.agent.summary import Folding
from penholder.cli.agent.timers import Timers
from penholder_protocol.nouns import NewEvent


def test_it_is_told_once_a_second_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 100.0
    monkeypatch.setattr("penholder.cli.agent.progress.time.monotonic", lambda: now_s)
    told: list[NewEvent] = []
    timers = Timers(threading.RLock())
    later: list[float] = []
    monkeypatch.setattr(timers, "after", lambda seconds, _name, _do: later.append(seconds))
    progress = Progress(Folding(), timers, told.append)

    progress.touch()
    now_s = 100.25
    progress.touch()
    assert (len(told), later) == (1, [0.75])

    now_s = 101.0
    progress.touch()
    assert len(told) == 2
