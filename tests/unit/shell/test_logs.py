"""Log lines: no secrets of local variables in them, counted where they cannot be written."""

import os
from collections.abc import Iterator

import pytest
import structlog

from penholder_daemon.shell.observing import log_stream, logs
from penholder_daemon.shell.observing.log_stream import LogStream


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, LogStream]]:
    """Give the reading end of a log, and the stream into it."""
    reading, writing = os.pipe()
    stream = LogStream(writing)
    monkeypatch.setattr(log_stream, "stderr", lambda: stream)
    yield reading, stream
    structlog.reset_defaults()
    os.close(reading)
    # Its thread writes what is left, and must not do so into who has the descriptor next.
    stream.drain(60)
    os.close(writing)


def _fail(token: str) -> None:
    raise ValueError("something else")


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_a_traceback_shows_no_local_variables(pipe: tuple[int, LogStream], log_format: str) -> None:
    reading, stream = pipe
    logs.set_up(log_format, "info")
    try:
        _fail(token="top-" + "secret")
    except ValueError as bug:
        structlog.get_logger().error("it failed", exc_info=bug)
    stream.drain(10)
    told = os.read(reading, 1 << 16).decode()
    assert "something else" in told
    assert "_fail" in told
    assert "top-secret" not in told


def test_a_full_pipe_keeps_nobody_waiting_and_lost_lines_are_told(
    pipe: tuple[int, LogStream],
) -> None:
    reading, stream = pipe
    line = "x" * 99 + "\n"
    for _ in range(20_000):
        stream.write(line)
    told = b""
    while b"lines of this log could not be written" not in told:
        told = told[-200:] + os.read(reading, 1 << 16)
        stream.write(line)


def test_a_log_whose_reader_is_gone_takes_lines_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reading, writing = os.pipe()
    stream = LogStream(writing)
    os.close(reading)
    for _ in range(10):
        stream.write("line\n")
    stream.drain(10)
    os.close(writing)
