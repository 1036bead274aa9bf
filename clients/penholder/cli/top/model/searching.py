"""Going from one row that has what is looked for to the next, in each pane."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from penholder.cli.top.model import listing
from penholder.cli.top.model.desk import Desk, PaneName
from penholder.cli.top.model.fleet import Fleet
from penholder.cli.top.model.listing import Finding

T = TypeVar("T")


def find_next(desk: Desk, fleet: Fleet, by: int) -> bool:
    """Go to the next hit (1) or the one before (-1), around the end; tells whether there is one."""
    finding = desk.finding(desk.focus)
    return bool(finding.text) and _FINDERS[desk.focus](desk, fleet, finding, by)


def _question(desk: Desk, fleet: Fleet, finding: Finding, by: int) -> bool:
    shown = desk.questions(fleet)
    hits = [key for key, each in shown if listing.has(fleet, key, each, finding)]
    found = _next([key for key, _ in shown], desk.question, hits, by)
    if found is not None:
        desk.choose_question(fleet, found)
    return found is not None


def _worker(desk: Desk, fleet: Fleet, finding: Finding, by: int) -> bool:
    shown = desk.workers(fleet)
    hits = [each.key for each in shown if finding.is_in(*listing.texts_of(each))]
    found = _next([each.key for each in shown], desk.worker, hits, by)
    if found is not None:
        desk.choose_worker(found)
    return found is not None


def _line(desk: Desk, fleet: Fleet, finding: Finding, by: int) -> bool:
    lines = listing.lines(fleet, finding)
    seqs = [each.seq for each in lines]
    hits = [each.seq for each in lines if finding.is_in(each.text)]
    at = desk.bottom_seq if desk.bottom_seq in seqs else None
    found = _next(seqs, at, hits, by)
    if found is not None:
        desk.bottom_seq = found
    return found is not None


def _next(keys: Sequence[T], chosen: T | None, hits: Sequence[T], by: int) -> T | None:
    wanted = set(hits)
    at = keys.index(chosen) if chosen is not None and chosen in keys else len(keys) - 1
    after = [*keys[at + 1 :], *keys[: at + 1]]
    before = [*keys[:at][::-1], *keys[at:][::-1]]
    return next((key for key in (after if by > 0 else before) if key in wanted), None)


_FINDERS: dict[PaneName, Callable[[Desk, Fleet, Finding, int], bool]] = {
    "inbox": _question,
    "workers": _worker,
    "detail": _line,
}
