"""A daemon that accepts and does not answer: every word says so, and those that wait go on."""

import json
import os
import signal
from collections.abc import Iterator

import pytest

from penholder.cli.catalog import COMMANDS
from tests.helpers import own_programs
from tests.helpers.background import SLEEPS, Background, Kept
from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.own_programs import Process
from tests.helpers.programs import TIMEOUT_S, environment, error_line_of
from tests.helpers.waiting import until

NAME = "sh-1"
WORDS = (
    "agent cancel sh-1", "agent continue sh-1", "agent diff sh-1", "agent handoff sh-1",
    "agent import claude /dev/null", "agent send sh-1 x", "agent show sh-1", "agent start x",
    "ps", "logs sh-1", "inbox", "approve sh-1", "deny sh-1", "answer sh-1 x", "send sh-1 x",
    "stop sh-1", "kill sh-1", "restart sh-1", "rm sh-1", "inspect sh-1", "timeline",
    "status", "up", "down", "metrics", "backup b", "worker list", "run sh", "run -d sh",
    "event wait --worker-id w",
)  # fmt: skip
"""What only wants an answer."""
WAITING = ("wait sh-1", "logs -f sh-1", "watch", "attach sh-1", "agent wait sh-1", "tail")
"""What waits by its meaning; `ask` needs to be inside a worker."""
ASK_NOBODY = {
    "top", "ask", "mcp", "service", "doctor", "restore", "import", "export", "completion", "bridge",
    "store", "__complete",
}  # fmt: skip
"""What has another test here, shows it in its own way, or asks no daemon."""


@pytest.fixture
def kept(background: Background) -> Kept:
    """Give a worker of a daemon that can be stopped."""
    return background.run(*SLEEPS)


@pytest.fixture
def stopped(daemon: DaemonProcess, kept: Kept) -> Iterator[DaemonProcess]:
    """Give a daemon that does not answer any more; it goes on after the test."""
    assert kept.name == NAME
    daemon.send_signal(signal.SIGSTOP)
    yield daemon
    daemon.send_signal(signal.SIGCONT)


def begin(daemon: DaemonProcess, *words: str) -> Process:
    agent = daemon.state_dir.parent / "bin" / "goose"
    agent.parent.mkdir(exist_ok=True)
    agent.touch(mode=0o700)
    path = f"{agent.parent}:{os.environ['PATH']}"
    own = environment(daemon, XDG_RUNTIME_DIR="", PATH=path)
    return own_programs.start(own_programs.WORDS, words, own, cwd=daemon.state_dir.parent)


def test_each_word_is_tried_or_asks_no_daemon() -> None:
    tried = {words.split()[0] for words in (*WORDS, *WAITING)}
    assert tried >= set(COMMANDS) - ASK_NOBODY
    verbs = {words.split()[1] for words in (*WORDS, *WAITING) if words.startswith("agent ")}
    assert verbs == {*COMMANDS["agent"].verbs} - {"probe"}


def test_every_word_says_that_the_daemon_does_not_answer(stopped: DaemonProcess) -> None:
    running = {words: begin(stopped, *words.split()) for words in WORDS}
    ended = {}
    for words, process in running.items():
        _, err = process.communicate(timeout=TIMEOUT_S)
        ended[words] = (process.returncode, err.decode())
    said = f"the daemon at {stopped.control_socket} (process {stopped.pid}) did not answer"
    way = f"kill -CONT {stopped.pid}"
    assert {
        words: ran for words, ran in ended.items()
        if ran[0] != 12 or said not in ran[1] or way not in ran[1]
    } == {}  # fmt: skip


def test_it_is_told_as_json(stopped: DaemonProcess) -> None:
    process = begin(stopped, "ps", "--json")
    _, err = process.communicate(timeout=TIMEOUT_S)
    assert json.loads(err)["error"]["data"]["code"] == "CONNECTION_LOST"


def test_words_that_wait_say_it_once_and_go_on_when_it_answers(
    daemon: DaemonProcess, kept: Kept, background: Background
) -> None:
    daemon.send_signal(signal.SIGSTOP)
    words = ("wait", NAME)
    waiting, following = begin(daemon, *words), begin(daemon, "logs", "-f", NAME)
    said = [error_line_of(each) for each in (waiting, following)]
    daemon.send_signal(signal.SIGCONT)
    assert all(f"kill -CONT {daemon.pid}" in each for each in said)
    assert background.say("stop", NAME).code == 0
    _, err = waiting.communicate(timeout=TIMEOUT_S)
    assert waiting.returncode == 143
    assert err.splitlines()[-1] == b"penholder wait: sh-1: killed by SIGTERM"
    out, _ = following.communicate(timeout=TIMEOUT_S)
    assert (following.returncode, out) == (0, f"{kept.command}\n".encode())


def test_who_waits_already_says_it_too(daemon: DaemonProcess, kept: Kept) -> None:
    tail = begin(daemon, "tail", "--after", "start")
    assert tail.stdout is not None
    assert tail.stdout.readline()
    daemon.send_signal(signal.SIGSTOP)
    said = error_line_of(tail)
    daemon.send_signal(signal.SIGCONT)
    tail.terminate()
    tail.communicate(timeout=TIMEOUT_S)
    assert "did not answer within 5 s" in said, kept.name


def test_a_daemon_that_is_away_for_some_seconds_is_told_and_that_it_is_back(
    daemon: DaemonProcess, kept: Kept
) -> None:
    waiting = {
        words: _begin_to_wait(daemon, *words.split())
        for words in (f"wait {kept.name}", f"logs -f {kept.name}", "tail", "watch")
    }
    daemon.kill()
    for words, process in waiting.items():
        assert f"the daemon at {daemon.control_socket} is away" in error_line_of(process), words
    daemon.start()
    for words, process in waiting.items():
        assert error_line_of(process) == "penholder: the daemon is back", words
        process.terminate()
        process.communicate(timeout=TIMEOUT_S)


def _begin_to_wait(daemon: DaemonProcess, *words: str) -> Process:
    with daemon.connect() as control:
        before = control.call("daemon.status")["subscriptions"]
        waiting = begin(daemon, *words)
        until(lambda: control.call("daemon.status")["subscriptions"] > before)
    return waiting
