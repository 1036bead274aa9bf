"""The judge of histories lets a sound one pass, and names what is wrong with any other."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.helpers.histories import judging
from tests.helpers.histories.recorded import (
    Completion,
    Entry,
    Final,
    History,
    Hold,
    Look,
    Outcome,
    Read,
)


def test_a_sound_history_passes(history: History) -> None:
    assert judging.faults(history) == []


# --- ways to spoil one ----------------------------------------------------------------------------
def _with_journal(history: History, change: Callable[[list[Entry]], list[Entry]]) -> None:
    """Change what was really written; who was told is told so as well."""
    journal = tuple(change(list(history.finals[0].entries)))
    history.finals = [replace(each, entries=journal) for each in history.finals]
    history.told = [
        replace(each, entries=tuple(e for e in journal if e.pos > each.after_pos))
        for each in history.told
    ]


def _with_numbers(history: History, stream: str, numbers: list[int]) -> None:
    """Have a stream hold other numbers, at the same places and on behind them."""

    def change(entries: list[Entry]) -> list[Entry]:
        others = [each for each in entries if each.stream != stream]
        places = [each.pos for each in entries if each.stream == stream]
        places += range(100, 100 + len(numbers))
        found = [
            Entry(stream, seq, places[seq - 1], number) for seq, number in enumerate(numbers, 1)
        ]
        return sorted([*others, *found], key=lambda each: each.pos)

    _with_journal(history, change)


def _append(history: History, number: int, **changed: object) -> None:
    history.appends = [
        replace(each, **changed) if each.number == number else each  # type: ignore[arg-type]  # the test names fields
        for each in history.appends
    ]


def _lost(history: History) -> None:
    _with_numbers(history, "worker:list", [1, 2, 3])


def _doubled(history: History) -> None:
    _with_numbers(history, "worker:list", [1, 2, 3, 6, 2])


def _phantom(history: History) -> None:
    _with_numbers(history, "worker:list", [1, 2, 3, 6, 5])


def _invented(history: History) -> None:
    _with_numbers(history, "worker:list", [1, 2, 3, 6, 99])


def _reordered(history: History) -> None:
    _with_numbers(history, "worker:list", [2, 1, 3, 6])


def _moved(history: History) -> None:
    _append(history, 6, seq=3)


def _gap(history: History) -> None:
    _with_journal(
        history,
        lambda entries: [replace(each, seq=5) if each.number == 6 else each for each in entries],
    )


def _read(history: History, begun: float, after_seq: int, *numbers: int) -> None:
    history.reads.append(
        Read(
            daemon=1, begun=begun, done=begun + 0.1, outcome=Outcome.DONE, stream="worker:list",
            after_seq=after_seq, numbers=numbers,
        )
    )  # fmt: skip


def _stale_read(history: History) -> None:
    _read(history, 3.5, 0, 1)


def _read_that_goes_back(history: History) -> None:
    _read(history, 7, 0, 1, 2)


def _torn_read(history: History) -> None:
    _read(history, 11, 0, 1, 3, 6)


def _read_from_the_future(history: History) -> None:
    _read(history, 7, 0, 1, 2, 3, 6)


def _two_winners(history: History) -> None:
    _append(history, 13, outcome=Outcome.DONE, refusal=None)
    _with_numbers(history, "worker:chain", [11, 12, 13, 14])


def _broken_chain(history: History) -> None:
    _append(history, 12, before="D")


def _torn_transaction(history: History) -> None:
    history.finals = [replace(each, states={"t": "C"}) for each in history.finals]


def _false_refusal(history: History) -> None:
    _append(history, 13, begun=5.5, done=6.0)


def _stale_look(history: History) -> None:
    history.looks.append(
        Look(daemon=1, begun=6, done=7, outcome=Outcome.DONE, record="t", state="C")
    )


def _stale_write(history: History) -> None:
    _append(history, 22, outcome=Outcome.UNKNOWN)
    _with_numbers(history, "worker:fenced", [21, 22, 23])


def _stale_write_unordered(history: History) -> None:
    # Both at once as far as callers know: only the order of the stream tells.
    _append(history, 22, outcome=Outcome.UNKNOWN, begun=4.0)
    _with_numbers(history, "worker:fenced", [21, 23, 22])


def _fenced_for_nothing(history: History) -> None:
    _append(history, 22, epoch=3, begun=9.0, done=9.5)


def _hold(history: History, subject: str, epoch: int, begun: float) -> None:
    history.holds.append(
        Hold(
            daemon=1, begun=begun, done=begun + 1, outcome=Outcome.DONE, subject=subject,
            epoch=epoch, lease_ms=5000, takes_over=True,
        )
    )  # fmt: skip


def _same_epoch_twice(history: History) -> None:
    _hold(history, "c", 2, 4)


def _epoch_that_goes_back(history: History) -> None:
    _hold(history, "c", 4, 2)


def _two_holders(history: History) -> None:
    history.holds = [
        replace(each, takes_over=False, begun=3, done=4) if each.takes_over else each
        for each in history.holds
    ]


def _two_holders_of_a_task(history: History) -> None:
    history.holds = [
        replace(each, begun=2, done=3) if (each.subject, each.epoch) == ("task:q", 2) else each
        for each in history.holds
    ]


def _completed_twice(history: History) -> None:
    history.completions.append(
        Completion(
            daemon=1, begun=8, done=9, outcome=Outcome.DONE, subject="task:q", epoch=2, number=33
        )
    )


def _stale_completion(history: History) -> None:
    history.completions = [replace(each, epoch=1) for each in history.completions[1:]]


def _given_out_when_done(history: History) -> None:
    _hold(history, "task:q", 3, 20)


def _lost_completion(history: History) -> None:
    history.finals = [replace(each, results={"task:q": None}) for each in history.finals]


def _refused_completion(history: History) -> None:
    history.completions = history.completions[:1]
    history.finals = [replace(each, results={"task:q": 31}) for each in history.finals]


def _told(history: History, change: Callable[[list[Entry]], list[Entry]]) -> None:
    first, *others = history.told
    history.told = [replace(first, entries=tuple(change(list(first.entries)))), *others]


def _subscriber_gap(history: History) -> None:
    _told(history, lambda entries: [*entries[:3], *entries[4:]])


def _subscriber_disorder(history: History) -> None:
    _told(history, lambda entries: [entries[1], entries[0], *entries[2:]])


def _told_twice(history: History) -> None:
    _told(history, lambda entries: [entries[0], *entries])


def _told_a_phantom(history: History) -> None:
    _told(history, lambda entries: [*entries, Entry("worker:list", 5, 50, 4)])


def _told_another(history: History) -> None:
    _told(history, lambda entries: [replace(entries[0], number=4), *entries[1:]])


def _refused_what_is_there(history: History) -> None:
    first, *others = history.told
    history.told = [replace(first, refusals=("CURSOR_GONE",)), *others]


def _split(history: History) -> None:
    *others, last = history.finals
    history.finals = [*others, replace(last, entries=last.entries[:-1])]


def _finding(history: History) -> None:
    first, *others = history.finals
    history.finals = [
        Final(first.daemon, first.entries, first.states, first.results, ("a: b",)),
        *others,
    ]


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_lost, "worker:list: 6 was acknowledged by daemon 0, and is lost"),
        (_doubled, "worker:list: 2 is there 2 times (doubled)"),
        (_phantom, "worker:list: 5 is there, and was refused as STORE_FAILED (phantom)"),
        (_invented, "worker:list: nobody has appended 99 (invented)"),
        (_reordered, "comes behind it (reordered)"),
        (_moved, "worker:list: 6, acknowledged at 3, is at 4 (moved)"),
        (_gap, "worker:list: seq 5 stands where 4 should (gap)"),
        (_stale_read, "(stale read)"),
        (_read_that_goes_back, "daemon 1 showed 2 after 3 were seen (went back)"),
        (_torn_read, "is no part of the final list (torn)"),
        (_read_from_the_future, "6 was read before it was sent (from the future)"),
        (_two_winners, "t: 12 and 13 have both won version 1, B (two winners)"),
        (_broken_chain, "t: 12 moved it from D at B (broken)"),
        (_torn_transaction, "t: daemon 0 has it C, and the chain ends with B (torn)"),
        (_false_refusal, "t: 13 was refused as stale while it was B (false refusal)"),
        (_stale_look, "t: daemon 1 showed C, which was over (stale look)"),
        (_stale_write, "22 of epoch 1 was accepted by daemon 1 though 2 had been acknowledged"),
        (_stale_write_unordered, "22 of epoch 1 comes behind one of 2 (stale write)"),
        (_fenced_for_nothing, "c: 22 was fenced, and nobody had taken over (false refusal)"),
        (_same_epoch_twice, "both given epoch 2 (same epoch twice)"),
        (_epoch_that_goes_back, "(epoch went back)"),
        (
            _two_holders,
            "c: daemon 2 gave epoch 2 1.000 s before the lease of 1 was over (two holders)",
        ),
        (_two_holders_of_a_task, "task:q: daemon 2 gave epoch 2 2.000 s before the lease of 1"),
        (_completed_twice, "task:q: 32 and 33 have both completed it (completed twice)"),
        (_stale_completion, "completion 32 of epoch 1 was accepted"),
        (_given_out_when_done, "task:q: it was given out again after 32 had completed it"),
        (_lost_completion, "task:q: 32 had completed it, and daemon 0 has None (lost)"),
        (_refused_completion, "task:q: the refused completion 31 counts (phantom)"),
        (_subscriber_gap, "one was not told 4, and 9 (gap)"),
        (_subscriber_disorder, "one was told 1 after 2 (disorder)"),
        (_told_twice, "one was told 1 twice (doubled)"),
        (_told_a_phantom, "one was told 50, which is not there (phantom)"),
        (_told_another, "one was told another 1 than there is (differs)"),
        (_refused_what_is_there, "one was refused what is there: CURSOR_GONE (refused)"),
        (_split, "daemons 0 and 2 end with different states (split)"),
        (_finding, "daemon 0 finds in its own state: a: b (verify)"),
    ],
)
def test_what_is_wrong_is_named(
    history: History, spoil: Callable[[History], None], says: str
) -> None:
    spoil(history)
    found = judging.faults(history)
    assert any(says in each for each in found), found
