"""Who has said nothing for too long. Pure: told what there is and what time it is.

A worker counts as silent by its last output, or from when it was last moved: made, attached, put to
work again by an answer. Who waits for an answer is told of by the question, and who is idle has
nothing to say. One silence is told once; it ends with the next output.
"""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from penholder.cli.workers import endings
from penholder_protocol.nouns import WorkerOverview

_QUIET_BY_RIGHT = ("idle", "waiting_approval", "stopped", "error")
_FINEST = 20
"""Looks within the time that makes a silence: one is told so much of it too late at most."""


class Silence(msgspec.Struct, frozen=True):
    """A worker that has said nothing since a time."""

    overview: WorkerOverview
    since: datetime


class Silences:
    """Remembers of whom it told, and when each was last moved."""

    def __init__(self, after_s: float) -> None:
        """Take after how many seconds somebody is silent."""
        self._after_s = after_s
        self._moved: dict[str, datetime] = {}
        self._told: dict[str, datetime] = {}

    def moved(self, worker_id: str, at: datetime) -> None:
        """Note that something was done to a worker."""
        self._moved[worker_id] = at

    def look(self, seen: Iterable[WorkerOverview], now: datetime) -> list[Silence]:
        """Return who is silent now and was not told of; `seen` is all who live."""
        living = {each.worker.worker_id: each for each in seen if _has_to_speak(each)}
        since = {worker_id: self._since(each) for worker_id, each in living.items()}
        found = [
            Silence(living[worker_id], begin)
            for worker_id, begin in since.items()
            if (now - begin).total_seconds() >= self._after_s
        ]
        fresh = [each for each in found if self._told.get(_id(each)) != each.since]
        self._told = {_id(each): each.since for each in found}
        self._moved = {each: at for each, at in self._moved.items() if each in living}
        return fresh

    @property
    def look_every_s(self) -> float:
        """How long to wait from one look to the next."""
        return max(1.0, self._after_s / _FINEST)

    def _since(self, seen: WorkerOverview) -> datetime:
        times = [datetime.fromisoformat(seen.last_output_at or seen.worker.created_at)]
        moved = self._moved.get(seen.worker.worker_id)
        return max([*times, moved] if moved is not None else times)


def _has_to_speak(seen: WorkerOverview) -> bool:
    is_living = endings.is_living(seen.worker)
    return is_living and not seen.pending_approvals and seen.worker.state not in _QUIET_BY_RIGHT


def _id(silence: Silence) -> str:
    return silence.overview.worker.worker_id
