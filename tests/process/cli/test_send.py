"""`penholder send`: typed into a terminal, or put into a worker's post."""

import subprocess

import pytest

from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.programs import PENHOLDER, Ran, Start, environment, penholder
from tests.helpers.ptys import InTerminal


def piped(daemon: DaemonProcess, given: bytes, *words: str) -> Ran:
    """Run the command line with this on its stdin."""
    done = subprocess.run(
        [PENHOLDER, *words], input=given, env=environment(daemon), capture_output=True, check=False
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def test_a_text_is_typed_with_enter(running: InTerminal, daemon: DaemonProcess) -> None:
    assert penholder(daemon, "send", "l", "hello, wörld").code == 0

    running.wait_for("got hello, wörld\r\n")


def test_without_enter_the_line_goes_on(running: InTerminal, daemon: DaemonProcess) -> None:
    assert penholder(daemon, "send", "--no-enter", "l", "one ").code == 0
    assert penholder(daemon, "send", "l", "--", "--two").code == 0

    running.wait_for("got one --two\r\n")


def test_enter_alone_can_be_sent(running: InTerminal, daemon: DaemonProcess) -> None:
    assert penholder(daemon, "send", "l", "").code == 0

    running.wait_for("got \r\n")


def test_stdin_is_sent_without_its_last_newline(running: InTerminal, daemon: DaemonProcess) -> None:
    assert piped(daemon, b"a line\n", "send", "l", "-").code == 0

    running.wait_for("got a line\r\n")
    assert b"got \r\n" not in running.seen


def test_many_at_once_do_not_mix(running: InTerminal, daemon: DaemonProcess) -> None:
    texts = [f"number {number}" for number in range(4)]
    sending = [
        subprocess.Popen([PENHOLDER, "send", "w", text], env=environment(daemon)) for text in texts
    ]
    assert [each.wait(timeout=60) for each in sending] == [0] * 4

    for _ in texts:
        running.wait_for("got number [0-9]\r\n")


@pytest.mark.parametrize(
    ("given", "flags", "said"),
    [
        (b"\xff\n", (), "not UTF-8"),
        (b"x" * 65_537, (), "65536 bytes at most"),
        (b"", ("--no-enter",), "nothing to send"),
    ],
)
def test_what_is_no_text_is_refused(
    daemon: DaemonProcess, given: bytes, flags: tuple[str, ...], said: str
) -> None:
    refused = piped(daemon, given, "send", "nobody", "-", *flags)

    assert refused.code == 2
    assert said in refused.err


def test_words_that_were_not_quoted_are_refused(daemon: DaemonProcess) -> None:
    refused = penholder(daemon, "send", "l", "two", "words")

    assert refused.code == 2
    assert "put it in quotes" in refused.err


def test_who_has_ended_gets_nothing(running: InTerminal, daemon: DaemonProcess) -> None:
    running.type("\x04")
    assert running.end() == 0

    refused = penholder(daemon, "send", "l", "hello")

    assert refused.code == 6
    assert "has ended" in refused.err


def test_beside_an_owner_it_takes_over_or_is_refused(
    running: InTerminal, daemon: DaemonProcess
) -> None:
    with daemon.connect() as control:
        control.call("controller.acquire", controller_id="c", pid=4711)

    refused = penholder(daemon, "send", "w", "not heard")
    assert refused.code == 5
    assert "controller c is owned by process 4711" in refused.err
    assert "--take-over" in refused.err

    assert penholder(daemon, "send", "w", "heard", "--take-over").code == 0
    running.wait_for("got heard")
    assert b"not heard" not in running.seen
    with daemon.connect() as control:
        assert control.call("controller.status", controller_id="c")["active_owner"] is None


def test_a_command_without_a_terminal_gets_it_in_its_post(
    start: Start, daemon: DaemonProcess
) -> None:
    script = "echo ready; read x; penholder input next --json"
    worker = start("sh", "-c", script)
    worker.wait_for("ready")

    assert penholder(daemon, "send", "w", "hello").code == 0
    worker.running.say("")

    ended = worker.end()
    assert ended.code == 0
    assert '"text":"hello"' in ended.out.replace(" ", "")
    assert '"kind":"text"' in ended.out.replace(" ", "")


def test_the_post_of_another_owners_worker_takes_a_takeover(
    start: Start, daemon: DaemonProcess
) -> None:
    start("sh", "-c", "echo ready; read x").wait_for("ready")
    with daemon.connect() as control:
        control.call("controller.acquire", controller_id="c", pid=4711)

    assert penholder(daemon, "send", "w", "hello").code == 5
    assert penholder(daemon, "send", "w", "hello", "--take-over").code == 0
