"""Facts in, a picture out: whose workers there are, and what each of them lived through.

A picture is bounded, whatever there is to show: a row has a part of MAX_DRAWN things each, and its
density a part of MAX_PARTS. Of more the newest are drawn, and a note says so.
"""

from collections.abc import Iterable, Sequence
from typing import TypeVar

import msgspec

from penholder.cli.timeline.clock import Clock
from penholder.cli.timeline.facts import CONTROLLER, WORKER, Data, Facts, Happening, data_of
from penholder.cli.timeline.life import Life
from penholder.cli.timeline.owning import Ownership
from penholder.cli.timeline.picture import Group, Mark, Picture, Row, Span

MAX_DRAWN = 20_000
MAX_PARTS = 14_400
_MOST_PARTS = 240
_FEWEST = 50
Drawn = TypeVar("Drawn", Span, Mark)


def build(facts: Facts) -> Picture:
    """Make a picture of facts."""
    collector = _Collector(facts)
    for happening in facts.happenings:
        collector.take(happening)
    return collector.picture()


class _Collector:
    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._clock = Clock(facts.begin_ms, facts.end_ms, facts.zone)
        self._lives: dict[str, Life] = {}
        self._controller_ids: dict[str, str] = {}
        self._owners: dict[str, Ownership] = {}
        self._notes = list(facts.notes)
        # First, so that those appear of whom nothing is told.
        for worker in facts.workers.values():
            if facts.worker_ids is not None and worker.worker_id in facts.worker_ids:
                self._life(worker.worker_id, worker.controller_id)

    def take(self, happening: Happening) -> None:
        if happening.stream.startswith(WORKER):
            life = self._lives.get(happening.stream.removeprefix(WORKER))
            if life is not None:
                life.wrote(happening)
        elif happening.stream.startswith(CONTROLLER):
            controller_id = happening.stream.removeprefix(CONTROLLER)
            self._take_of_controller(controller_id, happening, data_of(happening))

    def _take_of_controller(self, controller_id: str, happening: Happening, data: Data) -> None:
        if data.worker_id is None:
            self._ownership(controller_id).take(happening, data)
        elif self._is_shown(data.worker_id):
            self._life(data.worker_id, controller_id).told(happening, data)

    def _is_shown(self, worker_id: str) -> bool:
        shown = self._facts.worker_ids
        return shown is None or worker_id in shown

    def _life(self, worker_id: str, controller_id: str) -> Life:
        if worker_id not in self._lives:
            self._controller_ids[worker_id] = controller_id
            self._ownership(controller_id)
            present = self._facts.workers.get(worker_id)
            summary = self._facts.summaries.get(worker_id)
            questions = self._facts.questions
            self._lives[worker_id] = Life(worker_id, present, self._clock, questions, summary)
        return self._lives[worker_id]

    def _ownership(self, controller_id: str) -> Ownership:
        if controller_id not in self._owners:
            self._owners[controller_id] = Ownership(self._clock)
        return self._owners[controller_id]

    def picture(self) -> Picture:
        many = max(1, len(self._lives))
        parts = min(_MOST_PARTS, max(_FEWEST, MAX_PARTS // many))
        most = max(_FEWEST, MAX_DRAWN // many)
        rows = [self._bounded(life.row(parts), most) for life in self._lives.values()]
        rows.sort(key=_begin)
        by_controller: dict[str, list[Row]] = {}
        for row in rows:
            by_controller.setdefault(self._controller_ids[row.worker_id], []).append(row)
        groups = [self._group(each, found, most) for each, found in by_controller.items()]
        return Picture(
            self._clock.begin_ms, self._clock.end_ms, groups, self._notes, self._facts.zone
        )

    def _group(self, controller_id: str, rows: Sequence[Row], most: int) -> Group:
        ownership = self._owners[controller_id]
        return Group(
            controller_id=controller_id,
            label=self._facts.controllers.get(controller_id, ""),
            owners=self._newest(ownership.spans(), most, "owners", controller_id),
            marks=self._newest(ownership.marks, most, "takeovers", controller_id),
            rows=rows,
        )

    def _bounded(self, row: Row, most: int) -> Row:
        return msgspec.structs.replace(
            row,
            states=self._newest(row.states, most, "states", row.name),
            turns=self._newest(row.turns, most, "turns", row.name),
            questions=self._newest(row.questions, most, "questions", row.name),
            marks=self._newest(row.marks, most, "marks", row.name),
        )

    def _newest(self, drawn: Iterable[Drawn], most: int, what: str, name: str) -> list[Drawn]:
        found = list(drawn)
        if len(found) > most:
            self._notes.append(f"{name}: the newest {most} of {len(found):,} {what} are drawn")
        return found[-most:]


def _begin(row: Row) -> int:
    return row.states[0].begin_ms if row.states else 0
