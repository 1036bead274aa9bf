"""A word that takes long says what it is at: once, on a terminal."""

import os
import sys

import pytest

from penholder.cli.terminal import taking_long


def said(monkeypatch: pytest.MonkeyPatch, *, after_s: float, waits: bool) -> bytes:
    """Return what a terminal is told about something that is awaited or over at once."""
    ours, its = os.openpty()
    with open(its, "w", encoding="utf-8") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        with taking_long.told("backup: it takes a while", after_s=after_s):
            found = os.read(ours, 100) if waits else b""
    if not waits:
        os.set_blocking(ours, False)
        with pytest.raises(OSError):  # noqa: PT011 - hung up, and nothing was written
            os.read(ours, 100)
    os.close(ours)
    return found


def test_it_is_said_where_it_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    assert said(monkeypatch, after_s=0.01, waits=True) == b"penholder backup: it takes a while\r\n"


def test_nothing_is_said_of_what_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    assert said(monkeypatch, after_s=60, waits=False) == b""


def test_a_log_is_told_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with taking_long.told("backup: it takes a while", after_s=0):
        pass
    assert capsys.readouterr().err == ""
