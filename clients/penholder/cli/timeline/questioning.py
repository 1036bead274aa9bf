"""The questions of one worker: from when to when they were open, and who ended them how."""

from collections.abc import Iterable, Mapping

import msgspec

from penholder.cli.timeline.clock import Clock
from penholder.cli.timeline.facts import Data, Happening
from penholder.cli.timeline.picture import Mark, Span
from penholder_protocol.nouns import Approval

_NOTE_CHARACTERS = 500


class _Question(msgspec.Struct):
    begin_ms: int
    end_ms: int
    state: str = "pending"
    by: str = ""


class Questions:
    """Takes the entries about questions, in their order."""

    def __init__(self, clock: Clock, records: Mapping[str, Approval]) -> None:
        """Know what was asked, as far as it is still kept."""
        self._clock = clock
        self._records = records
        self._questions: dict[str, _Question] = {}

    def take(self, happening: Happening, data: Data) -> None:
        """Take an entry: approval.requested, or how one ended."""
        if data.request_id is None:
            return
        end = happening.type.removeprefix("approval.")
        if end == "requested":
            asked = _Question(happening.ms, self._clock.end_ms)
            self._questions[data.request_id] = asked
            return
        found = self._questions.setdefault(data.request_id, self._from_before(data.request_id))
        found.state, found.end_ms, found.by = end, happening.ms, data.actor

    def _from_before(self, request_id: str) -> _Question:
        record = self._records.get(request_id)
        asked_ms = 0 if record is None else self._clock.read(record.created_at)
        return _Question(max(asked_ms, self._clock.begin_ms), self._clock.end_ms)

    def spans(self, name: str) -> list[Span]:
        """Return the questions; the kind is what became of each."""
        return [
            Span(each.state, each.begin_ms, each.end_ms, tuple(self._about(name, request_id, each)))
            for request_id, each in self._questions.items()
        ]

    def answers(self, name: str) -> list[Mark]:
        """Return when they ended, and by whom."""
        return [
            Mark("answer", each.end_ms, (f"{name}: {self._end(request_id, each)}", request_id))
            for request_id, each in self._questions.items()
            if each.state != "pending"
        ]

    def _about(self, name: str, request_id: str, question: _Question) -> Iterable[str]:
        record = self._records.get(request_id)
        yield f"{name} asked: {request_id}"
        if record is not None:
            yield from record.message.split("\n")
            options = (option.label or option.alias or option.id for option in record.options)
            yield f"options: {', '.join(options)}"
        yield self._end(request_id, question)
        if record is not None and record.note:
            yield f"note: {record.note[:_NOTE_CHARACTERS]}"
        yield self._clock.stretch(question.begin_ms, question.end_ms)

    def _end(self, request_id: str, question: _Question) -> str:
        if question.state == "pending":
            return "nobody has answered yet"
        record = self._records.get(request_id)
        decision = None if record is None else record.decision
        chosen = f" {decision}" if question.state == "decided" and decision is not None else ""
        return f"{question.state}{chosen} by {question.by}"
