"""`--json`: of every word, on success and on failure."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from penholder.cli.catalog import COMMANDS
from tests.helpers.agents import Agent, Agents
from tests.helpers.background import SLEEPS, Background, end_all_below
from tests.helpers.daemon_process import DaemonProcess, Json
from tests.helpers.programs import Ran

OTHERS = {
    "attach": "is a terminal", "logs": "prints a record a line", "completion": "prints a script",
    "bridge": "is a pipe", "mcp": "speaks its own protocol", "top": "is a screen",
    "watch": "goes on, and has its own tests", "tail": "goes on, and has its own tests",
    "ask": "is for inside a worker, and has its own tests", "doctor": "has its own tests",
    "service": "has its own tests", "restore": "is the daemon's program",
    "store": "is the daemon's program",
    "import": "is the daemon's program", "export": "is the daemon's program",
    "__complete": "hidden",
}  # fmt: skip
"""Whose success is shown elsewhere, or is no JSON by its meaning."""
WORDS = (
    ("ps", 0), ("inspect job", 0), ("send job hello", 0), ("inbox", 0), ("approve {first}", 0),
    ("deny {second}", 0), ("answer {third} allow", 0), ("restart job", 0),
    ("timeline -o t.html", 0),
    ("kill job", 0), ("wait job", 137), ("rm job", 0), ("run -d --name next sleep 1000", 0),
    ("stop next", 0), ("status", 0), ("metrics", 0), ("backup b", 0), ("up", 0), ("down", 0),
)  # fmt: skip
"""One after another, with their exit codes."""
OF_AGENTS = (
    ("probe quick", 0), ("wait a", 0), ("send a again", 0), ("cancel slow", 0), ("show a", 0),
    ("diff a", 0), ("handoff a", 0), ("start --launcher quick --name b go", 0),
    ("start --launcher dies --name c go", 22), ("import {session}", 0), ("stop a", 0),
    ("continue a more", 0),
)  # fmt: skip
"""As above; `stop` is the word of all workers."""


def _of(words: str) -> str:
    return words.split(maxsplit=1)[0]


def test_each_word_has_its_place() -> None:
    assert {_of(words) for words, _ in WORDS} | {*OTHERS, "agent"} == set(COMMANDS)
    assert {_of(words) for words, _ in OF_AGENTS} == {*COMMANDS["agent"].verbs, "stop"}


def check(ran: Ran, code: int) -> object:
    """Require one value of JSON on stdout, and nothing on stderr."""
    assert (ran.code, ran.err) == (code, "")
    assert ran.out.count("\n") == 1
    return ran.json


def test_success_is_json(background: Background, tmp_path: Path) -> None:
    daemon = background.daemon
    job = background.run("--name", "job", *SLEEPS)
    asked = {
        name: job.ask("approval.request", message="?")["request_id"]
        for name in ("first", "second", "third")
    }
    for words, code in WORDS:
        said = words.format(**asked).replace(" t.html", f" {tmp_path}/t.html")
        said = said.replace("backup b", f"backup {tmp_path}/b")
        begin, *rest = said.split()
        try:
            check(background.say(begin, "--json", *rest), code)
        except AssertionError as error:
            raise AssertionError(f"{said}: {error}") from None
    assert daemon.wait() == 0
    daemon.start()


@pytest.fixture
def agents(daemon: DaemonProcess, short_dir: Path) -> Iterator[Agents]:
    """Give agents whose directory is a repository: `a`, and `slow`, which is at a turn."""
    found = Agents(daemon, short_dir)
    for words in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "x"]):
        who = ["-c", "user.name=x", "-c", "user.email=x@y"]
        subprocess.run(["git", *who, *words], cwd=found.cwd, check=True)
    for launcher, switches in {"quick": [], "slow": ["--long"], "dies": ["--dies"]}.items():
        found.configure(launcher, [*found.command, *switches])
    for name, launcher in (("a", "quick"), ("slow", "slow")):
        begun = ("agent", "start", "-d", "--launcher", launcher, "--name", name, "go")
        assert found.say(*begun, "--cwd", str(found.cwd)).code == 0
    Agent(found, "slow").wait_for("turn.started")
    yield found
    end_all_below(short_dir)


def test_success_of_agents_words_is_json(agents: Agents) -> None:
    session = agents.cwd / "session.jsonl"
    lines = ({"type": "summary", "sessionId": "c-1"},
             {"type": "user", "sessionId": "c-1", "message": {"role": "user", "content": "x"}},
             {"odd": 1})  # fmt: skip
    session.write_text("".join(json.dumps(each) + "\n" for each in lines))
    for words, code in OF_AGENTS:
        verb, *rest = words.format(session=session).split()
        begin = [verb] if verb == "stop" else ["agent", verb]
        try:
            check(agents.say(*begin, "--json", *rest), code)
        except AssertionError as error:
            raise AssertionError(f"{words}: {error}") from None


@pytest.mark.parametrize("word", sorted({*COMMANDS} - {"__complete"}))
def test_a_flag_that_is_not_there_is_one_object(background: Background, word: str) -> None:
    _only_error(background.say(word, "--json", "--nonsense"))


@pytest.mark.parametrize(
    "words",
    ["inspect", "send x", "restart", "kill", "wait", "rm", "stop", "approve", "deny", "answer x",
     "logs", "attach --view", "attach", "timeline", "agent send x", "agent cancel", "agent wait",
     "agent show", "agent diff", "agent handoff", "agent continue", "agent import"],
)  # fmt: skip
def test_a_worker_that_is_not_there_is_one_object(background: Background, words: str) -> None:
    begin, *rest = words.split()
    if begin == "agent":
        begin, *rest = f"agent {rest[0]}", *rest[1:]
    flags = [each for each in rest if each.startswith("-")]
    others = [each for each in rest if not each.startswith("-")]
    _only_error(background.say(*begin.split(), "--json", *flags, "nobody", *others))


def test_attaching_to_what_has_no_terminal_is_one_object(background: Background) -> None:
    job = background.run(*SLEEPS)
    _only_error(background.say("attach", "--json", job.name))


def _only_error(ran: Ran) -> Json:
    assert ran.code != 0
    assert ran.out == ""
    assert ran.err.count("\n") == 1
    return dict(json.loads(ran.err)["error"])
