"""A daemon that does not answer, told from one that takes its time."""

import socket
import threading
from pathlib import Path

import pytest

from penholder.cli.terminal import silence
from tests.helpers.command_line import Cli
from tests.helpers.fake_daemon import AnsweringDaemon, FakeDaemon, Json


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody be patient for long."""
    monkeypatch.setattr("penholder._blocking.attention._FIRST_MS", 10)
    monkeypatch.setattr(silence, "PONG_S", 0.05)


def test_a_call_that_takes_long_is_no_silence(cli: Cli, fake_control: AnsweringDaemon) -> None:
    pinged = threading.Event()

    def slow(_: Json) -> object:
        assert pinged.wait(30)
        return {"entries": 0}

    def ping(_: Json) -> object:
        pinged.set()
        return {"pong": True, "ts": "2026-01-01T00:00:00.000Z"}

    fake_control.answers |= {"daemon.metrics": slow, "rpc.ping": ping}
    assert cli("daemon", "metrics").code == 0


@pytest.mark.parametrize("words", [["ps"], ["worker", "list"], ["metrics"], ["inbox", "--json"]])
def test_silence_ends_a_word(cli: Cli, fake_control: AnsweringDaemon, words: list[str]) -> None:
    fake_control.silent = True
    ran = cli(*words)
    assert ran.code == 12
    assert f"the daemon at {fake_control.path} did not answer within 5 s" in ran.err
    assert ran.err.count("\n") == 1


def test_a_full_queue_ends_a_word(cli: Cli, cli_home: Path) -> None:
    daemon = FakeDaemon(cli_home / "run" / "control.sock")
    daemon.path.parent.mkdir()
    daemon.start(backlog=0)
    with socket.socket(socket.AF_UNIX) as first:
        first.connect(str(daemon.path))
        ran = cli("ps")
    daemon.stop()
    assert (ran.code, "did not answer" in ran.err) == (12, True)


def test_a_frame_that_nobody_reads_ends_a_word(cli: Cli, cli_home: Path) -> None:
    daemon = FakeDaemon(cli_home / "run" / "control.sock")
    daemon.path.parent.mkdir()
    daemon.start()
    payload = '{"text": "' + 250_000 * "x" + '"}'
    ran = cli("message", "publish", "--topic", "t", "--kind", "k", "--payload", payload)
    daemon.stop()
    assert (ran.code, "did not answer" in ran.err) == (12, True)
