"""Subscribers: each is told every entry, once, in the order of the journal, whoever wrote it."""

from collections.abc import Iterator

from tests.helpers.histories.recorded import Entry, History, Told


def faults(history: History) -> Iterator[str]:
    """Yield what is wrong with what subscribers were told."""
    journal = history.finals[0].entries
    for told in history.told:
        for refusal in told.refusals:
            yield f"{told.subscriber} was refused what is there: {refusal} (refused)"
        found = list(_of_order(told))
        yield from found
        if not found:
            yield from _of_gaps(told, journal)


def _of_order(told: Told) -> Iterator[str]:
    pos = told.after_pos
    for entry in told.entries:
        if entry.pos == pos:
            yield f"{told.subscriber} was told {pos} twice (doubled)"
        elif entry.pos < pos:
            yield f"{told.subscriber} was told {entry.pos} after {pos} (disorder)"
        pos = entry.pos


def _of_gaps(told: Told, journal: tuple[Entry, ...]) -> Iterator[str]:
    if not told.entries:
        return
    last = told.entries[-1].pos
    due = [each for each in journal if told.after_pos < each.pos <= last]
    heard = {each.pos: each for each in told.entries}
    for entry in due:
        if entry.pos not in heard:
            yield f"{told.subscriber} was not told {entry.pos}, and {last} (gap)"
        elif heard[entry.pos] != entry:
            yield f"{told.subscriber} was told another {entry.pos} than there is (differs)"
    for pos in heard.keys() - {each.pos for each in due}:
        yield f"{told.subscriber} was told {pos}, which is not there (phantom)"
