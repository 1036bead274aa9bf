"""Programs that hear of facts: one at a time, not for long, and bounded in number."""

import json
import sys
import threading
from pathlib import Path

import pytest

from penholder.cli.watch.facts import Fact
from penholder.cli.watch.hooks import Hooks, Program, command
from tests.helpers.programs import wait_gone
from tests.helpers.timelines import at
from tests.helpers.waiting import until

RECORD = """
import json, os, sys
told = {name: value for name, value in os.environ.items() if name.startswith("PENHOLDER_WATCH_")}
with open(sys.argv[1], "a") as file:
    json.dump([sys.argv[2:], told, json.load(sys.stdin)], file)
    file.write("\\n")
"""
HANG = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = os.fork()
if child:
    with open(sys.argv[1] + ".new", "w") as file:
        print(os.getpid(), child, file=file)
    os.rename(sys.argv[1] + ".new", sys.argv[1])
time.sleep(1000)
"""


def fact(name: str = "make-1", text: str = "exit status 3") -> Fact:
    """Return a fact."""
    return Fact("failure", at(0), "w_1", name, "c", text)


def python(script: str, *words: str) -> list[str]:
    """Return the words that run a script."""
    return [sys.executable, "-c", script, *words]


def test_a_program_hears_all_of_a_fact_and_nothing_in_its_words(tmp_path: Path) -> None:
    out, said = tmp_path / "out", list[str]()
    nasty = "$(touch owned); `x` | \x1b[31m 'quoted' \"twice\""
    with Hooks([command(python(RECORD, str(out), "word"))], said.append) as hooks:
        hooks.put(fact(nasty))
        hooks.put(fact("second"))
        until(lambda: out.exists() and out.read_text().count("\n") == 2)
    first, second = map(json.loads, out.read_text().splitlines())
    assert first[0] == ["word"]
    assert first[1]["PENHOLDER_WATCH_NAME"] == nasty.replace("\x1b", "\\x1b")
    assert first[1]["PENHOLDER_WATCH_KIND"] == "failure"
    assert first[2]["name"] == nasty
    assert second[2]["name"] == "second"
    assert said == []


def test_one_runs_at_a_time_in_the_order_of_facts(tmp_path: Path) -> None:
    out = tmp_path / "out"
    script = "import os, sys; os.mkdir(sys.argv[1]); print(os.environ['PENHOLDER_WATCH_NAME'],"
    script += " file=open(sys.argv[2], 'a')); os.rmdir(sys.argv[1])"
    said = list[str]()
    lock = str(tmp_path / "lock")
    with Hooks([command(python(script, lock, str(out)))], said.append) as hooks:
        for number in range(5):
            hooks.put(fact(str(number)))
        until(lambda: out.exists() and out.read_text().count("\n") == 5)
    assert out.read_text().split() == ["0", "1", "2", "3", "4"]
    assert said == []


def test_a_program_that_fails_is_said_and_the_next_runs(tmp_path: Path) -> None:
    said = list[str]()
    with Hooks(
        [command([sys.executable, "-c", "raise SystemExit(7)"]), command(["/nowhere/program"])],
        said.append,
    ) as hooks:
        hooks.put(fact())
        until(lambda: len(said) == 2)
    assert said == [
        f"{sys.executable} failed: exit status 7",
        "/nowhere/program cannot be run: No such file or directory",
    ]


def test_one_that_takes_too_long_is_killed_with_what_it_started(tmp_path: Path) -> None:
    pids, said = tmp_path / "pids", list[str]()
    with Hooks([command(python(HANG, str(pids)))], said.append, timeout_s=1) as hooks:
        hooks.put(fact())
        until(lambda: bool(said))
    assert said == [f"{sys.executable} was killed after 1 s"]
    for pid in pids.read_text().split():
        wait_gone(int(pid))


def test_the_end_ends_what_runs_and_drops_what_waits(tmp_path: Path) -> None:
    pids, said = tmp_path / "pids", list[str]()
    with Hooks([command(python(HANG, str(pids)))], said.append) as hooks:
        for _ in range(3):
            hooks.put(fact())
        until(pids.exists)
    assert said == ["2 facts were not told to a program any more"]
    for pid in pids.read_text().split():
        wait_gone(int(pid))


def test_what_a_program_cannot_keep_up_with_is_dropped_and_said() -> None:
    said = list[str]()
    begun, goes_on = threading.Event(), threading.Event()

    def slow(_: Fact) -> Program:
        begun.set()
        goes_on.wait()
        return Program(["true"], {}, b"")

    with Hooks([slow], said.append, most_waiting=2) as hooks:
        hooks.put(fact("running"))
        begun.wait()
        for name in ("a", "b", "c"):
            hooks.put(fact(name))
        goes_on.set()
    assert said[0] == f"dropped for the program, which does not keep up: c failed ({at(0)})"


def test_its_output_goes_to_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    said = list[str]()
    with Hooks([command(["echo", "hello"]), command(["false"])], said.append) as hooks:
        hooks.put(fact())
        until(lambda: bool(said))
    assert capfd.readouterr() == ("", "hello\n")


def test_without_hooks_nothing_waits() -> None:
    with Hooks([], print, most_waiting=0) as hooks:
        hooks.put(fact())


def test_stdin_may_be_large_and_unread() -> None:
    said = list[str]()
    with Hooks([command(["true"]), command(["false"])], said.append) as hooks:
        hooks.put(fact(text="x" * (1 << 20)))
        until(lambda: bool(said))
    assert said == ["false failed: exit status 1"]
