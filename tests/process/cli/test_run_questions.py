"""`penholder run`: what its command asks is told who sits there, and ends with the command."""

import os
import signal
from pathlib import Path

import pytest

from tests.helpers.programs import Start, Worker, penholder
from tests.helpers.ptys import StartInTerminal

DEAF = ("--kill-after-s", "0.1")
"""For a command that ends by SIGKILL only: what it asks is not taken back by who asks."""
ASKS = "trap '' TERM; penholder ask Q?; exit 3"


def wait_asked(worker: Worker) -> None:
    """Wait until it asks."""
    worker.wait_for_type("process.started")
    found = worker.ask(
        "journal.wait", streams=["controller:c"], after=0, types=["approval.requested"]
    )
    assert found["items"], "it asks nothing"


def questions(worker: Worker) -> list[tuple[str, str | None]]:
    """Return what became of each question, and why."""
    found = worker.ask("approval.list", state="all")["items"]
    return [(each["state"], each["note"]) for each in found]


@pytest.mark.parametrize(
    "words", [("stop", "w"), ("kill", "w"), ("worker", "stop", "--worker-id", "w")]
)
def test_the_questions_of_a_command_end_with_it(start: Start, words: tuple[str, ...]) -> None:
    worker = start("sh", "-c", ASKS, flags=DEAF)
    wait_asked(worker)
    assert penholder(worker.daemon, *words).code == 0
    worker.end()
    assert questions(worker) == [("canceled", "the command that asked has ended")]
    assert penholder(worker.daemon, "inbox").out == "nobody asks anything\n"


def test_those_of_a_command_that_asks_and_goes_end_too(start: Start) -> None:
    worker = start("sh", "-c", "penholder approval request --message Q?; exit 3")
    assert worker.end().code == 3
    assert questions(worker) == [("canceled", "the command that asked has ended")]


def test_what_is_to_be_kept_is_kept(start: Start) -> None:
    worker = start("sh", "-c", "penholder approval request --message Q? --keep; exit 3")
    assert worker.end().code == 3
    assert questions(worker) == [("pending", None)]


def test_what_was_asked_by_who_was_killed_alone_stays_until_the_command_ends(start: Start) -> None:
    worker = start("sh", "-c", "penholder ask Q? & echo $!; wait; echo on; read x")
    pid = int(worker.running.line())
    worker.running.error_line()
    os.kill(pid, signal.SIGKILL)
    worker.wait_for("on")
    assert questions(worker) == [("pending", None)], "a lost connection takes nothing back"
    worker.running.say("")
    worker.end()
    assert questions(worker) == [("canceled", "the command that asked has ended")]


def test_they_end_with_the_attempt_that_asked(start: Start, tmp_path: Path) -> None:
    once = f"[ -e {tmp_path}/asked ] || {{ touch {tmp_path}/asked; penholder ask Q?; }}"
    script = f"trap '' TERM; {once}; echo second; sleep 100"
    worker = start("sh", "-c", script, flags=(*DEAF, "--restart", "always"))
    wait_asked(worker)
    assert penholder(worker.daemon, "restart", "w").code == 0
    worker.wait_for("second")
    assert questions(worker) == [("canceled", "the command that asked has ended")]


def test_who_sits_there_is_told_what_is_asked_and_how_to_answer(start: Start) -> None:
    worker = start("penholder", "ask", "Q?", "--option", "yes", "--option", "no=No, never")
    told = worker.running.error_line()
    (asked,) = worker.ask("approval.list")["items"]
    way = f"penholder answer {asked['request_id']} OPTION"
    assert told == f"penholder run: l asks: Q? [yes, no (No, never)] (in another terminal: {way})"
    assert penholder(worker.daemon, *way.split()[1:-1], "yes").code == 0
    ran = worker.end()
    assert (ran.code, ran.out, ran.err) == (0, "yes\n", "")


@pytest.mark.parametrize("flag", ["--quiet", "--json"])
def test_who_wants_nothing_said_is_not_told_what_is_asked(start: Start, flag: str) -> None:
    worker = start("penholder", "ask", "Q?", flags=(flag,))
    wait_asked(worker)
    assert penholder(worker.daemon, "approve", "w").code == 0
    assert worker.end().err == ""


def test_a_terminal_whose_keys_are_lent_shows_it_on_a_line_of_its_own(
    run_pty: StartInTerminal,
) -> None:
    running = run_pty("penholder", "ask", "Q?", "--timeout", "1s")
    running.wait_for(r"\npenholder run: l asks: Q\? [^\n]*\r\n")
    assert running.end() == 3
