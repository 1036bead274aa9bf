"""The turns of one worker: from when to when, and where its runner says more, what became of each.

Any entry that names a turn is part of it. Runners of agents tell what a turn was for, how it ended
by their own record, and what all of them took so far; so do others who write such events.
"""

from collections.abc import Iterator

import msgspec

from penholder.cli.timeline.clock import Clock
from penholder.cli.timeline.density import counted
from penholder.cli.timeline.facts import Happening
from penholder.cli.timeline.picture import Mark, Span
from penholder.cli.workers.summaries import Cost

STARTED, ENDED = "turn.started", "turn.ended"
OPENED, FAILED = "session.opened", "agent.failed"
TYPES = (STARTED, ENDED, OPENED, FAILED)
"""What is read of these beside their time."""
_BAD = ("died", "lost", "failed", "deadline")
_TEXT_CHARACTERS = 300


class _Totals(msgspec.Struct):
    total_tokens: int = 0
    cost: Cost | None = None


class _Said(msgspec.Struct):
    text: str = ""
    outcome: str | None = None
    why: str | None = None
    reason: str | None = None
    lost: str | None = None
    totals: _Totals | None = None


class _Turn(msgspec.Struct):
    begin_ms: int
    end_ms: int
    count: int = 0
    prompt: str = ""
    outcome: str = ""
    used: str = ""


class Turns:
    """Takes the entries of a worker's own stream, in their order."""

    def __init__(self, clock: Clock) -> None:
        """Know of none."""
        self._clock = clock
        self._turns: dict[str, _Turn] = {}
        self._failures: list[tuple[int, str]] = []

    def take(self, happening: Happening) -> None:
        """Take an entry."""
        if happening.turn_id is not None:
            ms = happening.ms
            turn = self._turns.setdefault(happening.turn_id, _Turn(ms, ms))
            turn.end_ms, turn.count = ms, turn.count + 1
        if happening.type in TYPES:
            self._said(happening, _read(happening))

    def _said(self, happening: Happening, said: _Said) -> None:
        turn = self._turns.get(happening.turn_id or "", _Turn(0, 0))
        if happening.type == STARTED:
            turn.prompt = said.text
        elif happening.type == ENDED and said.outcome is not None:
            turn.outcome = f"{said.outcome}: {said.why}" if said.why else said.outcome
            turn.used = _used(said.totals)
            if said.outcome in _BAD:
                self._fail(happening, f"turn {happening.turn_id} ended: {turn.outcome}")
        elif happening.type == OPENED and said.lost:
            self._fail(happening, f"a new session; the one before is lost: {said.lost}")
        elif happening.type == FAILED:
            self._fail(happening, said.reason or "the agent was ended, for no reason given")

    def _fail(self, happening: Happening, text: str) -> None:
        self._failures.append((happening.ms, text[:_TEXT_CHARACTERS]))

    def spans(self, name: str) -> list[Span]:
        """Return the turns."""
        return [
            Span("turn", turn.begin_ms, turn.end_ms, tuple(self._about(name, turn_id, turn)))
            for turn_id, turn in self._turns.items()
        ]

    def marks(self, name: str) -> list[Mark]:
        """Return what went wrong."""
        return [
            Mark("failure", ms, (f"{name}: failure", text, self._clock.moment(ms)))
            for ms, text in self._failures
        ]

    def _about(self, name: str, turn_id: str, turn: _Turn) -> Iterator[str]:
        yield f"{name}: turn {turn_id}"
        yield self._clock.stretch(turn.begin_ms, turn.end_ms)
        if turn.prompt:
            yield f"asked: {' '.join(turn.prompt.split())[:_TEXT_CHARACTERS]}"
        if turn.outcome:
            yield turn.outcome[:_TEXT_CHARACTERS]
        if turn.used:
            yield turn.used
        yield f"{counted(turn.count)} of it read"


def _read(happening: Happening) -> _Said:
    """Read what is told; nothing where it is of another shape, as any worker may write."""
    try:
        return msgspec.json.decode(happening.data, type=_Said)
    except (msgspec.MsgspecError, RecursionError):
        return _Said()


def _used(totals: _Totals | None) -> str:
    if totals is None:
        return ""
    tokens = f"{totals.total_tokens} tokens" if totals.total_tokens else ""
    said = [each for each in (tokens, str(totals.cost or "")) if each]
    return f"{', '.join(said)} by then" if said else ""
