"""Streams as lists that are appended to: nothing lost, doubled, invented or out of order.

The numbers are unique and the final list is known, so the order of all effects is known as well.
Then a history is linearizable if that order keeps the real-time order, and each read is what the
list held at some instant of its own.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from tests.helpers.histories.order import disorder
from tests.helpers.histories.recorded import Append, Entry, History, Outcome, Read


def faults(history: History) -> Iterator[str]:
    """Yield what is wrong with the streams and with what was read of them."""
    final = history.finals[0]
    for stream in sorted({each.stream for each in history.appends}):
        appends = {each.number: each for each in history.appends if each.stream == stream}
        entries = final.of(stream)
        places = {entry.number: at for at, entry in enumerate(entries)}
        yield from _of_the_list(stream, entries)
        yield from _of_appends(stream, appends, entries, places)
        reads = [each for each in history.reads if each.stream == stream]
        yield from _of_reads(stream, reads, entries, appends)
        yield from _of_reads_in_order(stream, reads)


def _of_the_list(stream: str, entries: list[Entry]) -> Iterator[str]:
    for number, count in Counter(each.number for each in entries).items():
        if count > 1:
            yield f"{stream}: {number} is there {count} times (doubled)"
    for at, entry in enumerate(entries, 1):
        if entry.seq != at:
            yield f"{stream}: seq {entry.seq} stands where {at} should (gap)"
            return


def _of_appends(
    stream: str, appends: Mapping[int, Append], entries: list[Entry], places: Mapping[int, int]
) -> Iterator[str]:
    for number, call in appends.items():
        place = places.get(number)
        if call.outcome is Outcome.REFUSED and place is not None:
            said = f"{call.refusal} (phantom); daemon {call.daemon} said: {call.words!r}"
            yield f"{stream}: {number} is there, and was refused as {said}"
        if not call.is_done:
            continue
        if place is None:
            yield f"{stream}: {number} was acknowledged by daemon {call.daemon}, and is lost"
        elif call.seq is not None and entries[place].seq != call.seq:
            yield f"{stream}: {number}, acknowledged at {call.seq}, is at {place + 1} (moved)"
    for entry in entries:
        if entry.number not in appends:
            yield f"{stream}: nobody has appended {entry.number} (invented)"
    placed = [appends[entry.number] for entry in entries if entry.number in appends]
    for earlier, later in disorder(placed):
        yield (
            f"{stream}: {later.number} was acknowledged before {earlier.number} was sent, and"
            " comes behind it (reordered)"
        )


def _of_reads(
    stream: str, reads: list[Read], entries: list[Entry], appends: Mapping[int, Append]
) -> Iterator[str]:
    numbers = [each.number for each in entries]
    ends = _ends(entries, appends)
    for read in reads:
        end = read.after_seq + len(read.numbers)
        if list(read.numbers) != numbers[read.after_seq : end]:
            yield f"{stream}: a read of daemon {read.daemon} is no part of the final list (torn)"
            continue
        for place, call in ends:
            if place >= end and call.done < read.begun:
                yield (
                    f"{stream}: daemon {read.daemon} did not show {call.number}, which was"
                    f" acknowledged by daemon {call.daemon} before it was asked (stale read)"
                )
                break
        for place, call in ends[read.after_seq : end]:
            if call.begun > read.done:
                yield f"{stream}: {numbers[place]} was read before it was sent (from the future)"


def _ends(entries: list[Entry], appends: Mapping[int, Append]) -> list[tuple[int, Append]]:
    return [
        (at, appends[entry.number]) for at, entry in enumerate(entries) if entry.number in appends
    ]


def _of_reads_in_order(stream: str, reads: list[Read]) -> Iterator[str]:
    """Who reads after a read was answered, over any daemon, sees no less."""
    by_begun = sorted(reads, key=lambda each: each.begun)
    by_done = sorted(reads, key=lambda each: each.done)
    at, most = 0, 0
    for read in by_begun:
        while by_done[at].done < read.begun:
            most = max(most, by_done[at].after_seq + len(by_done[at].numbers))
            at += 1
        end = read.after_seq + len(read.numbers)
        if end < most:
            yield f"{stream}: daemon {read.daemon} showed {end} after {most} were seen (went back)"
