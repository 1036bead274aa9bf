"""The writer's two hands: whoever goes on when, nothing is written twice, late or by both."""

from typing import cast

import pytest
import structlog.testing

from penholder_daemon.shell.store import batch, pace
from tests.helpers.hands import SLOW_SECONDS, Hands

_FAST_IN_A_ROW = 3


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a few fast commits be enough to come back to the loop, and batches be small."""
    monkeypatch.setattr(pace, "FAST_IN_A_ROW", _FAST_IN_A_ROW)
    monkeypatch.setattr(batch, "MAX_COMMIT_BATCH", 3)


def _check(hands: Hands) -> None:
    assert not hands.is_fatal
    _each_once_and_in_order(hands)
    _none_in_the_loop_that_may_take_long(hands)


def _each_once_and_in_order(hands: Hands) -> None:
    written = [call for _, _, calls in hands.connection.commits for call in calls]
    assert [job.call for job in hands.delivered] == written, "not as it was committed"
    assert len(set(map(id, written))) == len(written) == len(hands.submitted)
    for account in {job.account for job in hands.submitted}:
        sent = [job for job in hands.submitted if job.account is account]
        assert sent == [job for job in hands.delivered if job.account is account]


def _none_in_the_loop_that_may_take_long(hands: Hands) -> None:
    fast = _FAST_IN_A_ROW
    for is_on_thread, is_slow, calls in hands.connection.commits:
        if not is_on_thread:
            assert fast >= _FAST_IN_A_ROW, "in the loop on a disk that was slow just now"
            assert not any(call.method.is_long for call in calls), "a long one in the loop"
        fast = 0 if is_slow else fast + 1


def _all_is_told_in_order(hands: Hands) -> None:
    told = [cast("int", published) for published in hands.published]
    assert told == list(range(len(told))), "told out of order, or twice"


async def _lived(hands: Hands, mutations: int, slow_share: float) -> None:
    hands.left = mutations
    hands.connection.slow_share = slow_share
    hands.live(40)
    hands.connection.needs_checkpoint = True
    hands.live(200)
    hands.connection.slow_share = 0.0


@pytest.mark.parametrize("slow_share", [0.0, 0.1, 0.6])
async def test_whoever_goes_on_when_each_is_written_once_and_in_order(
    seeds: range, slow_share: float
) -> None:
    for seed in seeds:
        with pytest.MonkeyPatch.context() as patched:
            hands = Hands(seed, patched)
            await _lived(hands, 60, slow_share)
            hands.settle()
            _check(hands)
            assert hands.connection.checkpoints == 1, f"seed {seed}"
            await hands.stop()


async def test_while_a_server_is_waited_for_in_the_loop_all_goes_on_in_order(seeds: range) -> None:
    on_thread: set[bool] = set()
    for seed in seeds:
        with pytest.MonkeyPatch.context() as patched:
            hands = Hands(seed, patched, is_server=True)
            hands.left, hands.hints_left = 40, 60
            hands.settle()
            assert not hands.is_fatal
            _each_once_and_in_order(hands)
            _all_is_told_in_order(hands)
            on_thread |= {is_on_thread for is_on_thread, _, _ in hands.connection.commits}
            await hands.stop()
    assert on_thread == {False, True}


@pytest.mark.parametrize("is_server", [False, True])
async def test_a_stop_at_any_moment_writes_what_waits(seeds: range, *, is_server: bool) -> None:
    for seed in seeds:
        for steps in range(0, 60, 7):
            with pytest.MonkeyPatch.context() as patched:
                hands = Hands(seed, patched, is_server=is_server)
                hands.left = 12
                hands.live(steps)
                hands.left = 0
                await hands.stop()
                assert hands.is_all_delivered, f"seed {seed}, {steps} steps"
                _check(hands)


async def test_who_idles_looks_again_and_again(seeds: range) -> None:
    for seed in seeds:
        with pytest.MonkeyPatch.context() as patched:
            hands = Hands(seed, patched)
            await _lived(hands, 30, 0.1)
            hands.settle()
            before = hands.connection.heartbeats
            hands.live(600)
            assert hands.connection.heartbeats > before + 3, f"seed {seed}"
            await hands.stop()


def _write_one(hands: Hands, *, then_settle: bool = True) -> None:
    hands.left = 1
    hands.submit(is_long=False)
    if not then_settle:
        return
    hands.settle()
    # What the thread has given back, if it has, is taken.
    hands.live(60)


async def test_a_disk_that_is_fast_again_is_written_in_the_loop_again() -> None:
    with pytest.MonkeyPatch.context() as patched:
        hands = Hands(1, patched)
        hands.connection.slow_share = 1.0
        _write_one(hands)
        assert not hands.writer.is_in_loop
        hands.connection.slow_share = 0.0
        for _ in range(_FAST_IN_A_ROW + 1):
            _write_one(hands)
        places = [is_on_thread for is_on_thread, _, _ in hands.connection.commits]
        assert places == [False, *[True] * _FAST_IN_A_ROW, False]
        await hands.stop()


async def test_waiting_for_a_processor_is_no_fault_of_the_disk() -> None:
    with pytest.MonkeyPatch.context() as patched:
        hands = Hands(1, patched)
        hands.connection.slow_share, hands.connection.waits = 1.0, SLOW_SECONDS / 2
        for _ in range(3):
            _write_one(hands)
        assert not any(is_on_thread for is_on_thread, _, _ in hands.connection.commits)
        await hands.stop()


async def test_a_log_that_is_to_be_moved_is_left_to_the_thread_at_once() -> None:
    with pytest.MonkeyPatch.context() as patched:
        hands = Hands(1, patched)
        hands.connection.needs_checkpoint = True
        _write_one(hands, then_settle=False)
        hands.live(100, until=lambda: bool(hands.delivered))
        assert not hands.writer.is_in_loop
        hands.settle()
        assert hands.connection.checkpoints == 1
        await hands.stop()


@pytest.mark.parametrize("where", ["in the loop", "on the thread"])
async def test_a_bug_in_either_hand_ends_the_daemon(where: str) -> None:
    with pytest.MonkeyPatch.context() as patched:
        hands = Hands(1, patched)
        hands.connection.bug = ZeroDivisionError("never seen before")
        hands.left = 1
        with structlog.testing.capture_logs() as logged:
            hands.submit(is_long=where == "on the thread")
            hands.live(100, until=lambda: hands.is_fatal)
            assert hands.is_fatal
            assert hands.delivered == []
            await hands.stop()
        assert [line["event"] for line in logged] == ["the writer failed inside the daemon"]


@pytest.mark.parametrize("is_long", [False, True])
async def test_a_store_that_fails_for_good_ends_the_daemon_after_what_was_answered(
    *, is_long: bool
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        hands = Hands(1, patched)
        _write_one(hands)
        hands.connection.is_lost = True
        hands.left = 1
        hands.submit(is_long=is_long)
        hands.live(100, until=lambda: hands.is_fatal)
        assert hands.is_fatal
        assert hands.is_all_delivered
        await hands.stop()
