"""`penholder run`: what a command writes, and how it ends, is what its worker's stream holds."""

import json
import os
import select
import signal
import subprocess
import sys
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from penholder_daemon.generate.__main__ import ROOT
from tests.helpers.background import Background
from tests.helpers.daemon_process import DaemonProcess, Json, RawConnection
from tests.helpers.programs import (
    PENHOLDER,
    TIMEOUT_S,
    Ran,
    Start,
    Worker,
    environment,
    penholder,
)


def content(outputs: list[Json], stream: str) -> bytes:
    """Put a stream together again."""
    found = b""
    for output in outputs:
        if output["stream"] != stream:
            continue
        found += b64decode(output["base64"]) if "base64" in output else output["text"].encode()
        if not output.get("continued") and output.get("newline", True):
            found += b"\n"
    return found


def test_a_command_is_told_from_start_to_exit(start: Start) -> None:
    argv = ["sh", "-c", "echo one; echo two >&2"]
    worker = start(*argv)
    ran = worker.end()

    assert (ran.code, ran.out, ran.err) == (0, "one\n", "two\n")
    events = worker.events()
    assert events[0]["type"] == "process.started"
    assert events[0]["data"]["argv"] == argv
    assert events[-1]["type"] == "process.exited"
    assert events[-1]["data"] == {"exit_status": 0, "signal": None}
    assert sorted(event["data"]["text"] for event in events[1:-1]) == ["one", "two"]
    record = worker.record()
    assert (record["state"], record["last_error"]) == ("stopped", None)
    assert (record["launcher"], record["profile"], record["label"]) == (
        "penholder run", "default", "l",
    )  # fmt: skip


def test_words_that_are_no_utf8_are_passed_on_and_told_with_escapes(start: Start) -> None:
    worker = start("printf", "%s", "ü\udcff", flags=("--quiet",))
    ran = worker.end()
    assert ran.code == 0
    started, output, _ = worker.events()
    assert started["data"]["argv"] == ["printf", "%s", "ü\\xff"]
    assert b64decode(output["data"]["base64"]) == "ü".encode() + b"\xff"


def test_a_command_of_such_a_name_that_is_not_there_is_told(start: Start) -> None:
    worker = start("/nowhere/\udcff")
    ran = worker.end()
    assert (ran.code, "cannot run /nowhere/\\xff: " in ran.err) == (127, True)
    assert worker.events()[0]["data"]["argv"] == ["/nowhere/\\xff"]


def test_the_order_of_both_streams_is_kept(start: Start) -> None:
    script = "echo a; read x; echo b >&2; read x; echo c; read x; echo d >&2"
    worker = start("sh", "-c", script)
    for text in "abc":
        worker.wait_for(text)
        worker.running.say("")
    worker.end()

    assert [(output["stream"], output["text"]) for output in worker.outputs()] == [
        ("stdout", "a"), ("stderr", "b"), ("stdout", "c"), ("stderr", "d"),
    ]  # fmt: skip


def test_no_byte_is_lost(start: Start) -> None:
    script = """
import os
os.write(1, b"plain\\n\\xff\\xfe binary\\n")
os.write(1, "\\u00fc".encode() * 100_000 + b"\\n")
os.write(1, b"\\x00" * 200_000 + b"\\nno newline")
"""
    worker = start(sys.executable, "-c", script, flags=("--quiet",))
    ran = worker.end()

    outputs = worker.outputs()
    expected = b"plain\n\xff\xfe binary\n" + "ü".encode() * 100_000 + b"\n"
    assert ran.out == ""
    assert content(outputs, "stdout") == expected + b"\x00" * 200_000 + b"\nno newline"
    assert outputs[0] == {"stream": "stdout", "text": "plain"}
    assert b64decode(outputs[1]["base64"]) == b"\xff\xfe binary"
    assert all("text" in output for output in outputs[2:])
    assert outputs[2]["continued"] is True
    assert len(outputs[2]["text"].encode()) == 64 << 10
    assert outputs[-1] == {"stream": "stdout", "text": "no newline", "newline": False}


def test_a_question_is_told_while_the_command_waits_for_its_answer(start: Start) -> None:
    worker = start("sh", "-c", "printf 'Name? '; read x; echo; printf 'hi %s' $x")
    asked = worker.wait_for("Name? ")
    assert asked["data"] == {
        "stream": "stdout", "text": "Name? ", "partial": True, "continued": True, "newline": False,
    }  # fmt: skip
    worker.running.say("you")
    worker.end()
    assert content(worker.outputs(), "stdout") == b"Name? \nhi you"


def test_what_writes_on_after_the_command_is_heard_to_its_end(start: Start) -> None:
    worker = start("sh", "-c", "exec 3<&0; (read x <&3; echo late) & echo early")
    worker.wait_for("early")
    worker.running.say("")
    worker.end()

    assert worker.texts() == ["early", "late"]


@pytest.mark.parametrize(
    ("argv", "code", "exited", "last_error"),
    [
        (["sh", "-c", "exit 3"], 3, {"exit_status": 3, "signal": None}, "exit status 3"),
        (
            ["sh", "-c", "kill -9 $$"],
            137,
            {"exit_status": None, "signal": "SIGKILL"},
            "killed by SIGKILL",
        ),
    ],
)
def test_a_command_that_fails_is_told_as_it_failed(
    start: Start, argv: list[str], code: int, exited: Json, last_error: str
) -> None:
    worker = start(*argv)

    assert worker.end().code == code
    assert worker.events()[-1]["data"] == exited
    record = worker.record()
    assert (record["state"], record["last_error"]) == ("error", last_error)


@pytest.mark.parametrize(("command", "code"), [("/no/such/command", 127), ("/", 126)])
def test_a_command_that_cannot_start(start: Start, command: str, code: int) -> None:
    worker = start(command, "x")
    ran = worker.end()

    assert ran.code == code
    assert f"cannot run {command}" in ran.err
    (event,) = worker.events()
    assert event["type"] == "process.failed"
    assert event["data"]["argv"] == [command, "x"]
    assert worker.record()["state"] == "error"
    assert command in worker.record()["last_error"]


def test_the_command_shares_the_seat_and_knows_its_socket(start: Start) -> None:
    script = """
penholder --worker "$PENHOLDER_WORKER_ID" event append --type note --data '{"n":1}' >/dev/null
penholder --socket "$PENHOLDER_SOCKET" event append --type note --data '{"n":2}' >/dev/null
penholder event append --type note --data '{"n":3}' >/dev/null
penholder runtime attach >/dev/null 2>&1; echo "attach=$?"
penholder runtime detach --state stopped >/dev/null 2>&1; echo "detach=$?"
"""
    worker = start("sh", "-c", script)
    ran = worker.end()

    assert (ran.code, ran.out) == (0, "attach=0\ndetach=0\n"), ran.err
    notes = [event["data"] for event in worker.events() if event["type"] == "note"]
    assert notes == [{"n": 1}, {"n": 2}, {"n": 3}]


@pytest.mark.parametrize(
    "argv", [(sys.executable, "examples/worker.py"), ("bash", "examples/worker.sh")]
)
def test_a_program_that_attaches_for_itself_runs_under_run(
    daemon: DaemonProcess, start: Start, argv: tuple[str, str]
) -> None:
    worker = start(argv[0], str(ROOT / argv[1]))
    worker.wait_for_type("file.seen")
    # Before the answer: what is answered already is not told.
    assert worker.running.error_line().startswith("penholder run: l asks: May I delete 3 files?")
    with daemon.connect() as control:
        asked = _pending(control)
        control.call("approval.decide", request_id=asked, option="allow")
    ran = worker.end()

    assert (ran.code, ran.err) == (0, "")
    types = [event["type"] for event in worker.events()]
    assert types[0] == "process.started"
    assert types[-2:] == ["work.done", "process.exited"]
    assert worker.record()["state"] == "stopped"


def _pending(control: RawConnection) -> str:
    """Wait for the worker's question."""
    pos = 0
    while True:
        found = control.call(
            "journal.wait", streams=["controller:c"], after=pos, types=["approval.requested"],
            timeout_ms=30_000,
        )  # fmt: skip
        if found["items"]:
            return str(found["items"][0]["data"]["request_id"])
        pos = found["pos"]


def test_a_controller_that_does_not_exist_is_a_way_on(daemon: DaemonProcess) -> None:
    ran = penholder(daemon, "run", "--controller", "nobody", "--label", "l", "--", "true")

    assert ran.code == 3
    assert "penholder controller register --controller-id" in ran.err


def test_an_owned_controller_takes_a_fence_which_the_command_never_sees(
    daemon: DaemonProcess,
) -> None:
    with daemon.connect() as control:
        control.call("controller.register", controller_id="c", label="c", workspace_key="/w")
        handle = control.call("controller.acquire", controller_id="c")
    words = ("run", "--controller", "c", "--label", "l", "--", "sh", "-c", "env")
    fence = json.dumps({"epoch": handle["epoch"], "token": handle["token"]})

    assert penholder(daemon, *words).code == 5
    fenced = penholder(daemon, *words, PENHOLDER_FENCE=fence)
    assert fenced.code == 0
    assert "PENHOLDER_SOCKET=" in fenced.out
    assert handle["token"] not in fenced.out

    taken_over = penholder(daemon, *words[:5], "--take-over", *words[5:])
    assert taken_over.code == 0
    assert penholder(daemon, *words, PENHOLDER_FENCE=fence).code == 5
    assert penholder(daemon, *words).code == 0


def unread(worker: Worker, line: str) -> Ran:
    """Read a line of a copy, close our end, and wait for the end of the run."""
    assert worker.running.line() == line
    assert worker.running.process.stdout is not None
    worker.running.process.stdout.close()
    code = worker.running.process.wait(TIMEOUT_S)
    assert worker.running.process.stderr is not None
    return Ran(code, b"", worker.running.process.stderr.read())


@pytest.mark.parametrize("flags", [(), ("--pty",), ("--restart", "always")])
def test_a_command_ends_when_nobody_reads_its_output(start: Start, flags: tuple[str, ...]) -> None:
    worker = start("yes", flags=flags)
    ran = unread(worker, "y\r" if "--pty" in flags else "y")
    assert (ran.code, ran.err) == (141, "")
    exited = [event for event in worker.events() if event["type"] == "process.exited"]
    assert [event["data"] for event in exited] == [{"exit_status": None, "signal": "SIGPIPE"}]
    assert worker.record()["last_error"] == "killed by SIGPIPE"
    assert worker.events()[1]["data"]["text"] == "y"


@pytest.mark.parametrize(("ignored", "signal"), [("PIPE", "SIGTERM"), ("PIPE TERM", "SIGKILL")])
def test_one_that_ignores_it_ends_as_any_other(start: Start, ignored: str, signal: str) -> None:
    script = f"trap '' {ignored}; while :; do echo y; sleep 0.01; done"
    worker = start("sh", "-c", script, flags=("--kill-after-s", "0.1"))
    assert unread(worker, "y").code == 141
    assert worker.record()["last_error"] == f"killed by {signal}"


def test_who_reads_only_the_other_stream_is_told_too(start: Start) -> None:
    worker = start("sh", "-c", "while :; do echo y >&2; done")
    assert worker.running.process.stderr is not None
    assert worker.running.process.stderr.readline() == b"y\n"
    worker.running.process.stderr.close()
    assert worker.running.process.wait(TIMEOUT_S) == 141


def test_a_command_need_not_wait_for_a_daemon_to_meet_a_closed_pipe(
    daemon: DaemonProcess, start: Start
) -> None:
    worker = start("yes")
    assert worker.running.line() == "y"
    pid = worker.wait_for_type("process.started")["data"]["pid"]
    ended = os.pidfd_open(pid)
    with suspended(daemon):
        assert worker.running.process.stdout is not None
        worker.running.process.stdout.close()
        assert select.select([ended], [], [], TIMEOUT_S)[0], "it writes on, or waits"
    os.close(ended)
    assert worker.running.process.wait(TIMEOUT_S) == 141
    events = worker.events()
    assert [event["type"] for event in events[-2:]] == ["process.unread", "process.exited"]
    assert events[-2]["data"] == {"stream": "stdout"}
    assert {event["data"]["text"] for event in events[1:-2]} == {"y"}


@contextmanager
def suspended(daemon: DaemonProcess) -> Iterator[None]:
    """Have a daemon answer nothing for a while."""
    os.kill(daemon.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(daemon.pid, signal.SIGCONT)


@pytest.mark.parametrize(("code", "expected"), [(0, 1), (3, 3)])
def test_a_copy_on_a_full_disk_is_told_and_all_of_it_is_kept(
    daemon: DaemonProcess, code: int, expected: int
) -> None:
    words = ("run", "--name", "count", "--", "sh", "-c", f"seq 10000; exit {code}")
    with open("/dev/full", "wb") as full:
        ran = subprocess.run(
            [PENHOLDER, *words],
            env=environment(daemon),
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    assert (ran.returncode, ran.stderr) == (
        expected,
        "penholder run: the copy of its stdout cannot be written any more: No space left on"
        " device; the command goes on, and penholder logs has all of it\n",
    )
    assert penholder(daemon, "logs", "count").out.splitlines() == [
        str(number) for number in range(1, 10_001)
    ]


def test_in_the_background_nobody_needs_to_read(background: Background) -> None:
    kept = background.run("sh", "-c", "while :; do echo y; sleep 0.01; done")
    kept.wait_for("output", 50)
    assert kept.record()["recovery_state"] == "attached"
