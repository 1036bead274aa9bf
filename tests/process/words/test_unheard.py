"""Questions that nobody waits for any more, and those that somebody else has answered."""

import os

import pytest

from tests.helpers.fleet import Fleet

NOBODY_WAITS = "nobody waits for it any more"


@pytest.mark.parametrize("state", ["stopped", "error"])
@pytest.mark.parametrize("words", [["approve"], ["deny"], ["answer", "allow"]])
def test_an_answer_that_nobody_hears_is_not_given(
    fleet: Fleet, words: list[str], state: str
) -> None:
    worker = fleet.worker("w")
    asked = worker.ask("Q?")
    worker.leave("stopped" if state == "stopped" else "error")
    assert NOBODY_WAITS in fleet.say("inbox").out
    word, *option = words
    ran = fleet.say(word, "w", *option)
    assert (ran.code, ran.out) == (13, "")
    assert NOBODY_WAITS in ran.err
    assert f"w is {state}" in ran.err
    assert fleet.client.approval.get(request_id=asked).state == "pending"
    # What it says to go on with does that.
    way = ran.err.partition("; penholder ")[2].partition(" takes it out")[0].split()
    assert fleet.say(*way).code == 0
    assert fleet.say("inbox").out == "nobody asks anything\n"


def test_what_a_worker_in_error_is_to_be_told_is_kept_for_it(fleet: Fleet) -> None:
    worker = fleet.worker("w")
    asked = worker.client.approval.request(message="Q?", keep=True).request_id
    worker.leave("error")
    assert NOBODY_WAITS not in fleet.say("inbox").out
    assert fleet.say("approve", asked).code == 0


def test_nobody_takes_up_what_a_stopped_one_had_kept(fleet: Fleet) -> None:
    worker = fleet.worker("w")
    asked = worker.client.approval.request(message="Q?", keep=True).request_id
    worker.leave("stopped")
    assert NOBODY_WAITS in fleet.say("inbox").out
    assert fleet.say("approve", asked).code == 13


def test_who_asks_beside_a_seat_may_hear_it_whatever_becomes_of_the_worker(fleet: Fleet) -> None:
    worker = fleet.create("w")
    asked = fleet.client.approval.request(worker_id=worker.worker_id, message="Q?").request_id
    fleet.client.worker.stop(worker_id=worker.worker_id)
    assert NOBODY_WAITS not in fleet.say("inbox").out
    assert fleet.say("approve", asked).code == 0


def test_an_idle_one_that_nobody_sits_in_may_be_taken_up(fleet: Fleet) -> None:
    worker = fleet.worker("w")
    worker.ask("Q?")
    worker.leave("idle")
    assert NOBODY_WAITS not in fleet.say("inbox").out
    assert fleet.say("approve", "w").code == 0


def test_another_process_does_not_get_the_answer_of_the_one_before(fleet: Fleet) -> None:
    worker = fleet.worker("w")
    asked = worker.ask("Q?")
    worker.leave("idle")
    socket = fleet.client.worker.get(worker_id=worker.worker_id).socket_path
    assert socket is not None
    with type(fleet.client)(socket) as again:
        again.runtime.attach()
        ran = fleet.say("approve", "w")
    assert ran.code == 13
    assert "another process has the seat of w" in ran.err
    assert fleet.client.approval.get(request_id=asked).state == "pending"


# --- who comes second ----------------------------------------------------------------------------
def test_who_comes_second_hears_what_was_decided_by_whom_and_when(fleet: Fleet) -> None:
    asked = fleet.worker("w").ask("Q?")
    assert fleet.say("deny", "w", "--note", "not today").code == 0
    for what in ("w", asked, asked[-6:]):
        ran = fleet.say("approve", what)
        assert ran.code == 6
        assert f"question {asked} is not asked any more: it was decided" in ran.err
        assert f"ago: deny, by process {os.getpid()} of uid {os.geteuid()} (not today)" in ran.err


def test_who_comes_second_hears_it_whatever_the_question_offers(fleet: Fleet) -> None:
    asked = fleet.worker("w").ask("Which?", [{"id": "red", "label": "red"}])
    assert fleet.say("answer", "w", "red", "--note", "").code == 0
    for words in (
        ["approve", asked],
        ["deny", "w"],
        ["answer", asked, "blue"],
        ["answer", "w", ""],
    ):
        ran = fleet.say(*words)
        assert ran.code == 6
        assert ran.err.rstrip().endswith(
            f"ago: red, by process {os.getpid()} of uid {os.geteuid()}"
        )


def test_what_was_taken_back_is_told_too(fleet: Fleet) -> None:
    asked = fleet.worker("w").ask("Q?")
    fleet.client.approval.cancel(request_id=asked)
    ran = fleet.say("approve", "w")
    assert ran.code == 6
    assert "it was canceled" in ran.err


def test_of_several_the_last_is_told(fleet: Fleet) -> None:
    worker = fleet.worker("w")
    first, second = worker.ask("1"), worker.ask("2")
    assert fleet.say("approve", second).code == 0
    assert fleet.say("approve", first).code == 0
    assert first in fleet.say("approve", "w").err


def test_who_never_asked_asks_nothing(fleet: Fleet) -> None:
    fleet.worker("w")
    ran = fleet.say("approve", "w")
    assert ran.code == 3
    assert "w asks nothing at the moment" in ran.err
