"""`penholder run` of anything, anywhere: words of any size, directories that are gone."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.programs import Start, penholder

LONG = "x" * 130_000
GONE = "os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone')"


def test_words_that_no_event_holds_are_cut_and_the_command_runs(start: Start) -> None:
    worker = start("sh", "-c", "echo ${#1} ${#2}", "sh", LONG, "\\" * 130_000)
    ran = worker.end()

    assert (ran.code, ran.err) == (0, "")
    assert worker.texts() == ["130000 130000"]
    started = worker.events()[0]["data"]
    assert started["argv"][:4] == ["sh", "-c", "echo ${#1} ${#2}", "sh"]
    assert all(word.endswith("…") for word in started["argv"][4:])
    assert started["argv_cut"] == {"words": 6, "bytes": 260_000 + len("sh-cshecho ${#1} ${#2}")}


def test_more_words_than_an_event_holds_are_left_out(start: Start) -> None:
    worker = start("true", *["a\x01b" * 20] * 4_000)
    assert worker.end().code == 0
    started = worker.events()[0]["data"]
    assert 0 < len(started["argv"]) < 4_000
    assert started["argv_cut"] == {"words": 4_001, "bytes": 4 + 60 * 4_000}


@pytest.mark.parametrize("words", [[LONG, LONG], ["\udcff" * 131_000] * 3])
@pytest.mark.parametrize("program", ["no-such-command", "/no/such/command", "n" * 5_000])
def test_a_missing_program_is_missing_whatever_its_arguments(
    start: Start, program: str, words: list[str]
) -> None:
    worker = start(program, *words)
    ran = worker.end()
    assert ran.code == 127
    assert "cannot run " in ran.err
    (failed,) = worker.events()
    assert failed["type"] == "process.failed"
    assert failed["data"]["argv_cut"]["words"] == 1 + len(words)
    assert worker.record()["state"] == "error"


def test_a_directory_that_was_removed_is_told(start: Start, short_dir: Path) -> None:
    worker = start("true", first=f"os.chdir({str(short_dir)!r}); {GONE}")
    ran = worker.end()
    assert ran.code == 1
    assert ran.err.startswith("penholder: the working directory cannot be told")
    assert ran.err.count("\n") == 1
    assert worker.ask("worker.list")["items"] == []


def test_a_directory_whose_name_no_worker_can_have_is_told(start: Start, short_dir: Path) -> None:
    odd = os.fsdecode(os.fsencode(short_dir) + b"/\xff")
    os.mkdir(odd)
    worker = start("true", first=f"os.chdir({odd!r})")
    ran = worker.end()
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "not UTF-8" in ran.err
    assert worker.ask("worker.list")["items"] == []


def test_a_worker_whose_seat_is_refused_is_not_left_waiting(
    short_dir: Path, daemon: DaemonProcess
) -> None:
    """The daemon is in a pid namespace of its own, from where this process cannot be seen."""
    daemon.kill()
    namespace = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
    if subprocess.run([*namespace, "true"], capture_output=True, check=False).returncode:
        daemon.start()
        pytest.skip("no pid namespace can be made here")
    daemon.start(namespace)
    with daemon.connect() as control:
        control.call("controller.register", controller_id="c", label="c", workspace_key="/w")
    ran = penholder(daemon, "run", "--controller", "c", "--label", "l", "--", "true")

    assert ran.code == 8
    assert "pid namespace" in ran.err
    with daemon.connect() as control:
        (worker,) = control.call("worker.list")["items"]
    assert worker["state"] == "stopped"
    assert "pid namespace" in worker["last_error"]
