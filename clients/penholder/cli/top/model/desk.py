"""What the person has chosen: pane, worker, question, marks, filters. Nothing of it is a fact.

A choice is an id, never a place: rows move, and the choice stays with what was chosen. Where that
is gone for good the choice goes to what stands in its place then, and for a moment after that no
key answers anything: it was meant for what was there before. A question that somebody else has
answered stays in its place until the person leaves it.
"""

from math import inf
from typing import Literal

from penholder.cli.terminal import ages
from penholder.cli.top.model import listing
from penholder.cli.top.model.fleet import Fleet
from penholder.cli.top.model.listing import ORDERS, Finding, Order, Wanted
from penholder.cli.top.model.records import Key, Question
from penholder.cli.top.model.worker import Worker

PaneName = Literal["inbox", "workers", "detail"]
PANES: tuple[PaneName, ...] = ("inbox", "workers", "detail")
Tab = Literal["stream", "queue", "runs"]
TABS: tuple[Tab, ...] = ("stream", "queue", "runs")
KEPT_S = 600.0
"""How long a worker that has ended is shown all the same."""
STEADY_AFTER_S = 0.5
"""How long after it moved by itself a choice is not acted upon."""


class Desk:
    """What is chosen, and how it is looked at."""

    def __init__(self, stall_after_s: float = ages.STALL_AFTER_S) -> None:
        """Begin with the inbox."""
        self.stall_after_s = stall_after_s
        """A running worker that wrote nothing for so long is marked."""
        self.focus: PaneName = "inbox"
        self.tab: Tab = "stream"
        self.worker: Key | None = None
        self.question: Key | None = None
        self.marked_workers: set[Key] = set()
        self.marked_questions: set[Key] = set()
        self.answered: set[Key] = set()
        """Questions that were answered from here: done with, before an entry tells of it."""
        self.findings: dict[PaneName, Finding] = {}
        self.is_grouped = True
        self.with_ended = False
        self.order: Order = "state"
        self.is_paused = False
        self.is_zoomed = False
        self.wraps = False
        self.note: str | None = None
        self.bottom_seq: int | None = None
        """The last line shown of the stream; None where new ones are followed."""
        self.scroll = 0
        """Of the queue's and the runs' rows."""
        self._ended_after = inf
        self._moved_at = float("-inf")
        self._worker_place = 0
        self._question_place = 0

    def finding(self, pane: PaneName) -> Finding:
        """Return what is looked for in a pane."""
        return self.findings.get(pane, Finding())

    def wanted(self) -> Wanted:
        """Return what the workers' pane is to show."""
        kept = frozenset(self.marked_workers | ({self.worker} if self.worker else set()))
        return Wanted(
            self.is_grouped,
            self.with_ended,
            self._ended_after,
            self.order,
            self.finding("workers"),
            frozenset() if self.finding("workers").hidden else kept,
        )

    def workers(self, fleet: Fleet) -> list[Worker]:
        """Return the workers that are shown, in order."""
        return listing.workers(fleet, self.wanted())

    def questions(self, fleet: Fleet) -> list[tuple[Key, Question]]:
        """Return the questions that are shown, in order."""
        shown = listing.questions(fleet, self.finding("inbox"), self.question)
        return [(key, each) for key, each in shown if key not in self.answered]

    def settle(self, fleet: Fleet, now: float) -> None:
        """Make the choices fit what there is; `now` is in seconds since 1970."""
        self._ended_after = now - KEPT_S
        self.marked_workers &= fleet.workers.keys()
        self.marked_questions &= fleet.questions.keys()
        self.answered &= fleet.questions.keys() | fleet.gone.keys()
        keys = [key for key, _ in self.questions(fleet)]
        self.question = self._kept(self.question, keys, self._question_place, now)
        shown = [each.key for each in self.workers(fleet)]
        if self.focus == "inbox" and self.question is not None:
            self._look_at_asker(fleet)
        else:
            self.worker = self._kept(self.worker, shown, self._worker_place, now)
        self._remember(keys, shown)

    def is_steady(self, now: float) -> bool:
        """Tell whether what is chosen has been there long enough to be meant."""
        # A clock that was set back says nothing of a moment ago; else no key did anything for long.
        return not 0 <= now - self._moved_at < STEADY_AFTER_S

    def move(self, fleet: Fleet, by: int) -> None:
        """Choose another row of the pane, so many further; it stops at either end."""
        if self.focus == "inbox":
            keys = [key for key, _ in self.questions(fleet)]
            self.question = _moved(keys, self.question, by)
            self._look_at_asker(fleet)
        elif self.focus == "workers":
            self.choose_worker(_moved([each.key for each in self.workers(fleet)], self.worker, by))
        elif self.tab == "stream":
            self._move_stream(fleet, by)
        else:
            self.scroll = max(0, self.scroll + by)
        self._remember_places(fleet)

    def choose_worker(self, worker: Key | None) -> None:
        """Choose a worker; its stream is followed from its end."""
        if worker != self.worker:
            self.worker, self.bottom_seq, self.scroll = worker, None, 0

    def choose_question(self, fleet: Fleet, question: Key) -> None:
        """Choose a question, and who asks."""
        self.question = question
        self._look_at_asker(fleet)
        self._remember_places(fleet)

    def leave_answered(self, fleet: Fleet, question: Key, now: float) -> None:
        """Take a question away that was just answered from here; go on to the next one."""
        self.answered.add(question)
        self.marked_questions.discard(question)
        self.settle(fleet, now)

    def mark(self) -> None:
        """Mark what is chosen, or take its mark away."""
        if self.focus == "inbox" and self.question is not None:
            self.marked_questions ^= {self.question}
        elif self.focus == "workers" and self.worker is not None:
            self.marked_workers ^= {self.worker}

    def mark_all(self, fleet: Fleet) -> None:
        """Mark all rows of the pane."""
        if self.focus == "inbox":
            self.marked_questions |= {key for key, _ in self.questions(fleet)}
        else:
            self.marked_workers |= {each.key for each in self.workers(fleet)}

    def step_focus(self, by: int) -> None:
        """Go to the next pane, or to the one before."""
        self.focus = PANES[(PANES.index(self.focus) + by) % len(PANES)]

    def step_tab(self, by: int) -> None:
        """Show something else of the worker."""
        self.tab = TABS[(TABS.index(self.tab) + by) % len(TABS)]
        self.scroll = 0

    def step_order(self) -> None:
        """Put the workers into another order."""
        self.order = ORDERS[(ORDERS.index(self.order) + 1) % len(ORDERS)]

    def clear(self) -> str | None:
        """Undo the last thing that hides or marks something; returns what it was."""
        if self.note is not None:
            self.note = None
            return "the note is dropped"
        if self.findings.pop(self.focus, None):
            return "the filter is gone"
        if self.marked_workers or self.marked_questions:
            self.marked_workers, self.marked_questions = set(), set()
            return "the marks are gone"
        if self.is_zoomed:
            self.is_zoomed = False
            return ""
        return None

    def _move_stream(self, fleet: Fleet, by: int) -> None:
        seqs = [each.seq for each in listing.lines(fleet, self.finding("detail"))]
        if not seqs:
            return
        at = place_of(seqs, self.bottom_seq)
        place = max(0, at + by)
        # At the end the new ones are followed again.
        self.bottom_seq = None if place >= len(seqs) - 1 else seqs[place]

    def _kept(self, chosen: Key | None, keys: list[Key], place: int, now: float) -> Key | None:
        if chosen in keys or not keys:
            return chosen if chosen in keys else None
        if chosen is not None:
            self._moved_at = now
        return keys[min(place, len(keys) - 1)]

    def _look_at_asker(self, fleet: Fleet) -> None:
        if self.question is None:
            return
        gone = fleet.gone.get(self.question)
        question = fleet.questions.get(self.question) or (gone.question if gone else None)
        if question is not None:
            self.choose_worker(Key(self.question.host, question.worker_id))

    def _remember_places(self, fleet: Fleet) -> None:
        keys = [key for key, _ in self.questions(fleet)]
        self._remember(keys, [each.key for each in self.workers(fleet)])

    def _remember(self, questions: list[Key], workers: list[Key]) -> None:
        if self.question in questions:
            self._question_place = questions.index(self.question)
        if self.worker in workers:
            self._worker_place = workers.index(self.worker)


def place_of(seqs: list[int], bottom_seq: int | None) -> int:
    """Return the place of the last line that is shown: that number, or the last before it."""
    if bottom_seq is None:
        return len(seqs) - 1
    return max((place for place, seq in enumerate(seqs) if seq <= bottom_seq), default=0)


def _moved(keys: list[Key], chosen: Key | None, by: int) -> Key | None:
    if not keys:
        return chosen
    if chosen not in keys:
        return keys[0]
    return keys[min(max(keys.index(chosen) + by, 0), len(keys) - 1)]
