"""Leases and fences: epochs grow, one holder each, nothing written past a takeover."""

from collections.abc import Iterator
from itertools import pairwise

from tests.helpers.histories.order import disorder
from tests.helpers.histories.recorded import Append, Completion, History, Hold, Outcome

_ROUNDED_SECONDS = 0.05
"""What rounding to milliseconds, here and there, may come to."""


def faults(history: History) -> Iterator[str]:
    """Yield what is wrong with what was held, and what was written under it."""
    for subject in sorted({each.subject for each in history.holds}):
        holds = [each for each in history.holds if each.subject == subject]
        taken = [each for each in holds if each.is_done and not each.renews]
        completions = [each for each in history.completions if each.subject == subject]
        yield from _of_epochs(subject, taken)
        yield from _of_leases(subject, holds, completions)
        yield from _of_writes(history, subject, holds)
        yield from _of_completions(history, subject, taken, completions)


def _of_epochs(subject: str, taken: list[Hold]) -> Iterator[str]:
    by_epoch = sorted(taken, key=_epoch)
    for one, two in pairwise(by_epoch):
        if one.epoch == two.epoch:
            yield (
                f"{subject}: daemons {one.daemon} and {two.daemon} have both given epoch"
                f" {one.epoch} (same epoch twice)"
            )
    for earlier, later in disorder(by_epoch):
        yield (
            f"{subject}: epoch {later.epoch} was given before {earlier.epoch} was asked for"
            " (epoch went back)"
        )


def _of_leases(subject: str, holds: list[Hold], completions: list[Completion]) -> Iterator[str]:
    """Whoever does not take over waits until the lease is over."""
    done = [each for each in holds if each.is_done]
    taken = sorted((each for each in done if not each.renews), key=_epoch)
    for one, two in pairwise(taken):
        if two.takes_over or _epoch(two) != _epoch(one) + 1:
            continue
        ends = max(each.begun + each.lease_ms / 1000 for each in done if each.epoch == one.epoch)
        is_ended = any(
            each.epoch == one.epoch and each.outcome is not Outcome.REFUSED for each in completions
        )
        if two.done < ends - _ROUNDED_SECONDS and not is_ended:
            yield (
                f"{subject}: daemon {two.daemon} gave epoch {two.epoch}"
                f" {ends - two.done:.3f} s before the lease of {one.epoch} was over (two holders)"
            )


def _of_writes(history: History, subject: str, holds: list[Hold]) -> Iterator[str]:
    writes = {each.number: each for each in history.appends if each.subject == subject}
    entries = history.finals[0].entries
    accepted = [writes[each.number] for each in entries if each.number in writes]
    for write in accepted:
        yield from _if_stale(subject, f"{write.number}", write, holds)
    highest = 0
    for write in accepted:
        assert write.epoch is not None  # whoever names a subject has a fence
        if write.epoch < highest:
            yield (
                f"{subject}: {write.number} of epoch {write.epoch} comes behind one of {highest}"
                " (stale write)"
            )
        highest = max(highest, write.epoch)
    for write in writes.values():
        yield from _if_wrongly_fenced(subject, write, holds)


def _if_stale(
    subject: str, what: str, write: Append | Completion, holds: list[Hold]
) -> Iterator[str]:
    assert write.epoch is not None  # as above
    for hold in holds:
        if hold.is_done and _epoch(hold) > write.epoch and hold.done < write.begun:
            yield (
                f"{subject}: {what} of epoch {write.epoch} was accepted by daemon {write.daemon}"
                f" though {hold.epoch} had been acknowledged before it was sent (stale write)"
            )
            return


def _if_wrongly_fenced(subject: str, write: Append, holds: list[Hold]) -> Iterator[str]:
    if write.outcome is not Outcome.REFUSED or write.refusal != "FENCED":
        return
    assert write.epoch is not None  # as above
    if not any(
        hold.outcome is not Outcome.REFUSED
        and not hold.renews
        and (hold.epoch is None or hold.epoch > write.epoch)
        and hold.begun < write.done
        for hold in holds
    ):
        yield f"{subject}: {write.number} was fenced, and nobody had taken over (false refusal)"


def _of_completions(
    history: History, subject: str, taken: list[Hold], completions: list[Completion]
) -> Iterator[str]:
    done = [each for each in completions if each.is_done]
    if len(done) > 1:
        numbers = " and ".join(str(each.number) for each in done)
        yield f"{subject}: {numbers} have both completed it (completed twice)"
    for each in done:
        yield from _if_stale(subject, f"completion {each.number}", each, taken)
        for hold in taken:
            if hold.begun > each.done:
                yield f"{subject}: it was given out again after {each.number} had completed it"
    for final in history.finals:
        result = final.results.get(subject)
        for each in completions:
            if each.is_done and result != each.number:
                yield (
                    f"{subject}: {each.number} had completed it, and daemon {final.daemon} has"
                    f" {result} (lost)"
                )
            if each.outcome is Outcome.REFUSED and result == each.number:
                yield f"{subject}: the refused completion {each.number} counts (phantom)"


def _epoch(hold: Hold) -> int:
    assert hold.epoch is not None  # it was acknowledged
    return hold.epoch
