"""The life of one worker, from what the journal tells of it: a row of the picture.

What is done to a worker stands in its controller's stream, and only the daemon writes there. What
the worker says stands in its own: turns, and how its command began and ended. It may be forged, but
only by the worker itself, about itself.

A picture may begin amid a life. The first change of state says which state there was before; where
none comes, the worker is still in the one that it has now.
"""

from collections.abc import Callable, Mapping

from penholder.cli.terminal import cells
from penholder.cli.terminal.text import printable
from penholder.cli.timeline.clock import Clock
from penholder.cli.timeline.density import density
from penholder.cli.timeline.facts import Data, Happening, Present, data_of
from penholder.cli.timeline.picture import About, Mark, Row, Span
from penholder.cli.timeline.questioning import Questions
from penholder.cli.timeline.turning import Turns
from penholder.cli.workers import summaries
from penholder.cli.workers.summaries import Summary
from penholder_protocol.nouns import Approval

_NAME_CELLS = 48
_ERROR_CHARACTERS = 500


class Life:
    """Takes the entries about one worker, in their order."""

    def __init__(
        self,
        worker_id: str,
        present: Present | None,
        clock: Clock,
        questions: Mapping[str, Approval],
        summary: Summary | None = None,
    ) -> None:
        """Begin with what is known of the worker now, if it is still there."""
        self._summary = summary
        self.worker_id = worker_id
        self._present = present
        self._clock = clock
        self.label = (present and present.label) or worker_id
        self._states: list[Span] = []
        self._state: tuple[str, int, str] | None = None
        self._marks: list[Mark] = []
        self._turns = Turns(clock)
        self._seen: list[tuple[int, int]] = []
        self._has_started = False
        self._is_removed = False
        self._questions = Questions(clock, questions)

    def told(self, happening: Happening, data: Data) -> None:
        """Take an entry of the controller's stream."""
        if happening.type.startswith("approval."):
            self._questions.take(happening, data)
        elif (take := _TOLD.get(happening.type)) is not None:
            take(self, happening, data)

    def wrote(self, happening: Happening) -> None:
        """Take an entry of the worker's own stream."""
        ms = happening.ms
        self._seen.append((happening.seq, ms))
        self._turns.take(happening)
        if (take := _WROTE.get(happening.type)) is not None:
            take(self, happening, data_of(happening))

    def row(self, parts: int) -> Row:
        """Return the row, its density in so many parts."""
        self._close_states()
        begin_ms, end_ms = self._clock.begin_ms, self._clock.end_ms
        counts, is_sampled = density(self._seen, begin_ms, end_ms, parts)
        return Row(
            worker_id=self.worker_id,
            name=self.label,
            state=self._state_now(),
            about=self._about(),
            states=self._states,
            turns=self._turns.spans(self.name),
            questions=self._questions.spans(self.name),
            marks=sorted(self._all_marks(), key=_moment),
            density=counts,
            is_sampled=is_sampled,
        )

    @property
    def name(self) -> str:
        """The label, cut: it is told again with everything that the worker did."""
        return cells.fit(printable(self.label[: 4 * _NAME_CELLS]), _NAME_CELLS)

    def _created(self, happening: Happening, data: Data) -> None:
        self.label = data.label or self.label
        self._state = (data.state or "idle", happening.ms, data.actor)

    def _changed(self, happening: Happening, data: Data) -> None:
        self._end_state(happening.ms, before=data.from_)
        self._state = (data.to or "unknown", happening.ms, data.actor)

    def _removed(self, happening: Happening, data: Data) -> None:
        self._end_state(happening.ms, before="stopped")
        self._is_removed = True
        self._mark("removed", happening, f"removed by {data.actor}")

    def _attached(self, happening: Happening, data: Data) -> None:
        seat = f"process {data.runtime_pid} took the seat, epoch {data.runtime_epoch}"
        if data.takeover:
            self._mark("takeover", happening, f"{seat}, from the one that held it")
        elif (data.runtime_epoch or 0) > 1:
            self._mark("restart", happening, f"{seat}, which was free")

    def _lost(self, happening: Happening, data: Data) -> None:
        self._mark("failure", happening, f"process {data.runtime_pid} was gone without a word")

    def _started(self, happening: Happening, data: Data) -> None:
        if self._has_started or (data.attempt or 0) > 1:
            attempt = "" if data.attempt is None else f", attempt {data.attempt}"
            self._mark("restart", happening, f"the command was started again{attempt}")
        self._has_started = True

    def _exited(self, happening: Happening, data: Data) -> None:
        if data.signal is not None:
            self._mark("failure", happening, f"the command was ended by {data.signal[:32]}")
        elif data.exit_status:
            self._mark("failure", happening, f"the command exited with status {data.exit_status}")

    def _failed(self, happening: Happening, data: Data) -> None:
        why = (data.error or "no reason given")[:_ERROR_CHARACTERS]
        self._mark("failure", happening, f"the command could not be started: {why}")

    def _mark(self, kind: str, happening: Happening, text: str) -> None:
        about = (f"{self.name}: {kind}", text, self._clock.moment(happening.ms))
        self._marks.append(Mark(kind, happening.ms, about))

    def _end_state(self, at_ms: int, before: str | None) -> None:
        if self._state is None and before is not None:
            self._state = (before, self._first_ms(), "")
        if self._state is not None:
            self._add_state(*self._state, at_ms)
        self._state = None

    def _first_ms(self) -> int:
        """Return where a state begins that was there before the picture."""
        created_ms = 0 if self._present is None else self._clock.read(self._present.created_at)
        return max(self._clock.begin_ms, created_ms)

    def _close_states(self) -> None:
        if not self._is_removed:
            now = None if self._present is None or self._states else self._present.state
            self._end_state(self._clock.end_ms, before=now)

    def _add_state(self, state: str, begin_ms: int, by: str, end_ms: int) -> None:
        about: About = (f"{self.name}: {state}", self._clock.stretch(begin_ms, end_ms))
        if by:
            about = (*about, f"by {by}")
        self._states.append(Span(state, begin_ms, end_ms, about))

    def _state_now(self) -> str:
        if self._is_removed:
            return "removed"
        if self._present is not None:
            return self._present.state
        return self._states[-1].kind if self._states else "unknown"

    def _all_marks(self) -> list[Mark]:
        name = self.name
        return [*self._marks, *self._questions.answers(name), *self._turns.marks(name)]

    def _about(self) -> About:
        lines = [self.label, self.worker_id, f"{self._state_now()} at the end"]
        if self._present is not None and self._present.last_error:
            lines.append(f"last error: {self._present.last_error[:_ERROR_CHARACTERS]}")
        if self._summary is not None:
            lines += [each[:_ERROR_CHARACTERS] for each in summaries.facts(self._summary)]
        return tuple(lines)


def _moment(mark: Mark) -> int:
    return mark.at_ms


_Take = Callable[[Life, Happening, Data], None]
_TOLD: dict[str, _Take] = {
    "worker.created": Life._created,
    "worker.state_changed": Life._changed,
    "worker.removed": Life._removed,
    "runtime.attached": Life._attached,
    "runtime.exited": Life._lost,
}
_WROTE: dict[str, _Take] = {
    "process.started": Life._started,
    "process.exited": Life._exited,
    "process.failed": Life._failed,
}
