"""`penholder ask`: what a script in a worker gets to know, over whatever happens."""

import os
import signal

import pytest

from tests.helpers.fake_daemon import FakeDaemon, Json, Peer, fake_daemon
from tests.helpers.fleet import Fleet, Seated
from tests.helpers.programs import Running
from tests.helpers.records import approval


@pytest.fixture
def worker(fleet: Fleet) -> Seated:
    """Give a worker, whose descendants the words are."""
    return fleet.worker("w")


def ask(fleet: Fleet, worker: Seated, *words: str, monkeypatch: pytest.MonkeyPatch) -> Running:
    """Ask as the worker's own."""
    socket = fleet.client.worker.get(worker_id=worker.worker_id).socket_path
    assert socket is not None
    monkeypatch.setenv("PENHOLDER_SOCKET", socket)
    monkeypatch.setenv("PENHOLDER_WORKER_ID", worker.worker_id)
    try:
        return fleet.begin("ask", *words)
    finally:
        monkeypatch.delenv("PENHOLDER_SOCKET")
        monkeypatch.delenv("PENHOLDER_WORKER_ID")


def asked(fleet: Fleet) -> str:
    """Wait until something is asked; returns its id."""
    found = fleet.client.journal.wait(
        streams=["controller:c"], after=0, types=["approval.requested"], timeout_ms=30_000
    )
    assert found.items
    (question,) = fleet.client.approval.list().items
    return question.request_id


@pytest.mark.parametrize(
    ("words", "answer", "code", "out"),
    [
        ([], "allow", 0, "allow\n"),
        ([], "deny", 1, "deny\n"),
        (["--option", "red", "--option", "blue"], "blue", 0, "blue\n"),
        (["--option", "sql=The small one", "--option", "x"], "The small one", 0, "sql\n"),
        (["--option", "Use the big one!", "--option", "x"], "use-the-big-one", 0,
         "use-the-big-one\n"),
        (["--option", "deny", "--option", "maybe"], "deny", 1, "deny\n"),
    ],
)  # fmt: skip
def test_the_answer_is_text_and_an_exit_status(
    fleet: Fleet, worker: Seated, words: list[str], answer: str, code: int, out: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    asking = ask(fleet, worker, "Shall I?", *words, monkeypatch=monkeypatch)
    request_id = asked(fleet)
    assert fleet.say("answer", request_id, answer, "--note", "so be it").code == 0
    ran = asking.end()
    assert (ran.code, ran.out) == (code, out)
    assert "so be it" in ran.err


def test_who_gets_no_answer_in_time(
    fleet: Fleet, worker: Seated, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = ask(fleet, worker, "Quick!", "--timeout", "0.1s", monkeypatch=monkeypatch)
    ran = asking.end()
    assert (ran.code, ran.out) == (3, "")
    assert "expired" in ran.err


def test_a_question_that_is_taken_back(
    fleet: Fleet, worker: Seated, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = ask(fleet, worker, "?", monkeypatch=monkeypatch)
    fleet.client.approval.cancel(request_id=asked(fleet))
    assert asking.end().code == 3


def test_the_wait_goes_on_over_a_restart(
    fleet: Fleet, worker: Seated, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = ask(fleet, worker, "?", monkeypatch=monkeypatch)
    request_id = asked(fleet)
    fleet.daemon.kill()
    fleet.daemon.start()
    assert fleet.say("approve", request_id).code == 0
    assert asking.end().code == 0
    assert len(fleet.client.approval.list(state="all").items) == 1


def test_it_waits_for_a_daemon_that_hangs_and_says_so(
    fleet: Fleet, worker: Seated, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = ask(fleet, worker, "?", monkeypatch=monkeypatch)
    request_id = asked(fleet)
    fleet.daemon.send_signal(signal.SIGSTOP)
    said = asking.error_line()
    fleet.daemon.send_signal(signal.SIGCONT)
    assert f"kill -CONT {fleet.daemon.pid}" in said
    assert fleet.say("approve", request_id).code == 0
    assert asking.end().code == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_who_is_ended_by_a_signal_takes_the_question_back(
    fleet: Fleet, worker: Seated, number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = ask(fleet, worker, "?", monkeypatch=monkeypatch)
    request_id = asked(fleet)
    asking.signal(number)
    assert asking.end().code == 128 + number
    assert fleet.client.approval.get(request_id=request_id).state == "canceled"


def _asks_again(daemon: FakeDaemon) -> tuple[Peer, Json]:
    """Accept until one asks for an approval: who keeps the vigil looks, too, now and then."""
    while True:
        peer = daemon.accept()
        request = peer.read()
        if request["method"] == "approval.request":
            return peer, request
        peer.hang_up()


def test_who_is_interrupted_before_it_is_answered_takes_the_question_back(fleet: Fleet) -> None:
    with fake_daemon() as daemon:
        asking = Running(fleet.daemon, "ask", "?", PENHOLDER_SOCKET=str(daemon.path))
        try:
            asked = daemon.accept().read()
            asking.signal(signal.SIGINT)
            peer, again = _asks_again(daemon)
            assert again["params"] == asked["params"], "under its key it is no second question"
            peer.answer(again, approval("q"))
            canceled = peer.read()
            assert (canceled["method"], canceled["params"]["request_id"]) == (
                "approval.cancel",
                "q",
            )
            peer.answer(canceled, approval("q", state="canceled"))
            assert asking.end().code == 130
        finally:
            asking.clean_up()


def test_a_worker_that_is_not_served_any_more_gets_no_answer(
    fleet: Fleet, worker: Seated, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = ask(fleet, worker, "?", monkeypatch=monkeypatch)
    request_id = asked(fleet)
    worker.leave("stopped")
    fleet.daemon.kill()
    fleet.daemon.start()
    ran = asking.end()
    assert ran.code == 125
    assert "the worker has ended" in ran.err
    assert fleet.client.approval.get(request_id=request_id).state == "pending"


@pytest.mark.parametrize(
    "words", [["?"], [], ["?", "--option", "!"], ["?", "--timeout", "soon"], ["?", "--odd"]]
)
def test_all_else_is_125(fleet: Fleet, words: list[str]) -> None:
    assert "PENHOLDER_SOCKET" not in os.environ
    ran = fleet.say("ask", *words)
    assert ran.code == 125
    assert ran.err.startswith("penholder ask: ")
