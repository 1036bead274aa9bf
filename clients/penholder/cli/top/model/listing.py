"""Which rows a pane has and in what order, of the facts and of what the person wants to see.

Who has ended so long ago that only a wish shows it comes after all others, in whatever order and
group: what runs is what is looked for, and yesterday's failures would push it off the screen.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from math import inf
from typing import Literal

import msgspec

from penholder.cli.top.model.fleet import Fleet, Gone
from penholder.cli.top.model.records import Key, Question
from penholder.cli.top.model.tail import Line
from penholder.cli.top.model.worker import Worker
from penholder.cli.workers import living

Order = Literal["state", "output", "name"]
ORDERS: tuple[Order, ...] = ("state", "output", "name")
_RANKS = {"waiting_approval": 0, "error": 1, "running": 2, "canceling": 2, "starting": 3, "idle": 4}
_LAST = 9


class Finding(msgspec.Struct, frozen=True):
    """What is looked for: what does not have it is hidden, or is only passed over."""

    text: str = ""
    hides: bool = True

    def is_in(self, *texts: str | None) -> bool:
        """Tell whether any text has it, in whatever case."""
        wanted = self.text.casefold()
        return any(wanted in each.casefold() for each in texts if each)

    @property
    def hidden(self) -> str:
        """What rows must have in order to be shown; empty where all are."""
        return self.text if self.hides else ""


class Wanted(msgspec.Struct, frozen=True):
    """What the workers' pane is to show; `kept` are shown whatever they are."""

    is_grouped: bool = True
    with_ended: bool = False
    ended_after: float = inf
    """Those that ended after this time are shown in any case, and among those that live.

    In seconds since 1970, by the clock here.
    """
    order: Order = "state"
    finding: Finding = Finding()
    kept: frozenset[Key] = frozenset()


class Group(msgspec.Struct, frozen=True):
    """The heading of a controller's workers, or of those that ended long ago."""

    controller: Key
    label: str
    count: int
    asks: int
    is_past: bool


WorkerRow = Group | Worker


def state_of(worker: Worker, asks: Counter[Key]) -> str:
    """Say how a worker is, of the facts: who asks waits for a person, whatever its state."""
    if asks[worker.key]:
        return "asks"
    if not worker.is_living and worker.ended_as:
        return worker.ended_as
    if worker.recovery_state == living.UNREACHABLE and worker.is_living:
        return "away"
    if worker.recovery_state == "lost" and worker.state == "error":
        return "lost"
    return "asks" if worker.state == "waiting_approval" else worker.state


def workers(fleet: Fleet, wanted: Wanted) -> list[Worker]:
    """Return the workers that are shown, in order."""
    asks = fleet.asks()
    shown = [each for each in fleet.workers.values() if _is_shown(each, wanted, asks, fleet)]
    order = _ORDERS[wanted.order]
    if wanted.order == "output":
        shown.sort(key=lambda each: fleet.here(each.key.host, each.output_at), reverse=True)
    else:
        shown.sort(key=lambda each: order(each, asks))
    if wanted.is_grouped:
        places = {host: place for place, host in enumerate(fleet.hosts)}
        shown.sort(key=lambda each: (places[each.key.host], *_controller_name(fleet, each)))
    shown.sort(key=lambda each: _is_past(each, wanted, asks, fleet))
    return shown


def grouped(fleet: Fleet, shown: Sequence[Worker], wanted: Wanted) -> Iterator[WorkerRow]:
    """Put a heading before the workers of each controller, and before those that are past."""
    asks = fleet.asks()
    together = [(_is_past(each, wanted, asks, fleet), controller_of(each)) for each in shown]
    counts = Counter(together)
    asking = Counter(group for group, each in zip(together, shown, strict=True) if asks[each.key])
    last: tuple[bool, Key] | None = None
    for group, worker in zip(together, shown, strict=True):
        if group != last:
            last = is_past, controller = group
            label = fleet.controllers.get(controller, controller.id)
            yield Group(controller, label, counts[group], asking[group], is_past)
        yield worker


def controller_of(worker: Worker) -> Key:
    """Name a worker's controller."""
    return Key(worker.key.host, worker.controller_id)


def questions(fleet: Fleet, finding: Finding, chosen: Key | None) -> list[tuple[Key, Question]]:
    """Return the questions that are shown, oldest first; one that is gone while it is chosen."""
    found = dict(fleet.questions)
    if chosen is not None and chosen in fleet.gone:
        found[chosen] = fleet.gone[chosen].question
    if finding.hidden:
        found = {key: each for key, each in found.items() if has(fleet, key, each, finding)}
    return sorted(
        found.items(), key=lambda item: (fleet.here(item[0].host, item[1].created_at), item[0])
    )


def lines(fleet: Fleet, finding: Finding) -> list[Line]:
    """Return the lines of the selected worker that are shown, oldest first."""
    if fleet.tail is None:
        return []
    if not finding.hidden:
        return list(fleet.tail.lines)
    return [each for each in fleet.tail.lines if finding.is_in(each.text)]


def outcome(fleet: Fleet, key: Key) -> str | None:
    """Say what became of a question; None while it can be answered."""
    if key in fleet.questions:
        return None if fleet.is_heard(key) else "nobody waits"
    gone: Gone | None = fleet.gone.get(key)
    return None if gone is None else gone.outcome


def texts_of(worker: Worker) -> tuple[str | None, ...]:
    """Return what a worker is found by."""
    return (
        worker.label,
        worker.key.id,
        worker.state,
        worker.controller_id,
        worker.last_text,
        worker.turn_id,
    )


def has(fleet: Fleet, key: Key, question: Question, finding: Finding) -> bool:
    """Tell whether a question has what is looked for."""
    worker = fleet.workers.get(Key(key.host, question.worker_id))
    label = None if worker is None else worker.label
    options = (each.label for each in question.options)
    return finding.is_in(question.message, question.request_id, question.kind, label, *options)


def _is_shown(worker: Worker, wanted: Wanted, asks: Counter[Key], fleet: Fleet) -> bool:
    if worker.key in wanted.kept:
        return True
    is_there = wanted.with_ended or worker.is_living or bool(asks[worker.key])
    if not is_there and _ended_before(worker, wanted, fleet):
        return False
    found = wanted.finding
    label = fleet.controllers.get(controller_of(worker))
    return not found.hidden or found.is_in(*texts_of(worker), label, state_of(worker, asks))


def _is_past(worker: Worker, wanted: Wanted, asks: Counter[Key], fleet: Fleet) -> bool:
    """Tell whether a worker ended longer ago than it is shown for by itself."""
    is_here = worker.is_living or bool(asks[worker.key])
    return not is_here and _ended_before(worker, wanted, fleet)


def _ended_before(worker: Worker, wanted: Wanted, fleet: Fleet) -> bool:
    return fleet.here(worker.key.host, worker.changed_at) <= wanted.ended_after


def _controller_name(fleet: Fleet, worker: Worker) -> tuple[str, str]:
    key = controller_of(worker)
    return (fleet.controllers.get(key, key.id), key.id)


def _by_state(worker: Worker, asks: Counter[Key]) -> tuple[object, ...]:
    rank = 0 if asks[worker.key] else _RANKS.get(worker.state, _LAST)
    return (rank, *_by_name(worker, asks))


def _by_name(worker: Worker, _: Counter[Key]) -> tuple[object, ...]:
    return (worker.label, worker.key)


_ORDERS: dict[Order, Callable[[Worker, Counter[Key]], tuple[object, ...]]] = {
    "state": _by_state,
    "output": _by_name,
    "name": _by_name,
}
