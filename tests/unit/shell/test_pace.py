"""When commits leave the loop, when they come back, and what is no fault of the disk."""

import os

import pytest

from penholder_daemon.shell.kernel.run_delay import NOTE_EVERY_S, RunDelay
from penholder_daemon.shell.store.pace import FAST_IN_A_ROW, SLOW_SECONDS, Pace

_FAST = SLOW_SECONDS / 100


def _fast(pace: Pace, times: int) -> None:
    for _ in range(times):
        pace.note(_FAST)


def test_a_disk_is_believed_to_be_fast_until_it_is_slow_once() -> None:
    pace = Pace()
    seen = [pace.is_fast]
    for seconds in (SLOW_SECONDS, SLOW_SECONDS * 1.01):
        pace.note(seconds)
        seen.append(pace.is_fast)
    assert seen == [True, True, False]


def test_it_takes_all_of_a_hundred_in_a_row_to_be_believed_again() -> None:
    pace, seen = Pace(), []
    for _ in range(2):
        pace.note(0.02)
        _fast(pace, FAST_IN_A_ROW - 1)
        seen.append(pace.is_fast)
    pace.note(_FAST)
    seen.append(pace.is_fast)
    assert seen == [False, False, True]
    assert FAST_IN_A_ROW == 100


def test_long_trust_saves_no_slow_disk() -> None:
    pace = Pace()
    _fast(pace, 10 * FAST_IN_A_ROW)
    pace.note(0.02)
    assert not pace.is_fast


def test_what_the_kernel_counts_is_told_in_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    delay = RunDelay()
    monkeypatch.setattr(os, "pread", lambda *_: b"123 2500000000 7\n")
    assert delay.seconds() == 2.5
    delay.close()
    assert delay.seconds() == 0.0
    delay.close()


def test_it_is_counted_from_where_it_was_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    waited = 1.0
    monkeypatch.setattr(RunDelay, "seconds", lambda _: waited)
    delay = RunDelay()
    delay.note(100.0)
    waited = 1.5
    delay.note(100.0 + NOTE_EVERY_S / 2)
    assert delay.since_noted() == 0.5
    delay.note(100.0 + 2 * NOTE_EVERY_S)
    assert delay.since_noted() == 0.0
    delay.close()


def test_waiting_only_grows() -> None:
    delay = RunDelay()
    before = delay.seconds()
    assert 0.0 <= before <= delay.seconds()
    delay.close()


def test_where_the_kernel_does_not_count_nothing_is_taken_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> int:
        raise FileNotFoundError

    monkeypatch.setattr(os, "open", refuse)
    delay = RunDelay()
    assert delay.seconds() == 0.0
    delay.close()
