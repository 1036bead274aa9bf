"""The command line where its streams are closed, of another encoding, or its words no UTF-8."""

import json
import os
import subprocess

import pytest

from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.programs import PENHOLDER, TIMEOUT_S, environment, penholder

_LABEL = "grüße"


def _register(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        control.call("controller.register", controller_id="c", label=_LABEL, workspace_key="/w")


@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"])
@pytest.mark.parametrize("words", ["status", "controller list", "backup", "metrics", "--help"])
def test_closed_streams_do_not_matter(daemon: DaemonProcess, words: str, closed: str) -> None:
    script = f'"$0" {words} {closed}'
    done = subprocess.run(
        ["sh", "-c", script, PENHOLDER],
        env=environment(daemon), capture_output=True, timeout=TIMEOUT_S, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_json_is_utf8_and_text_is_escaped_in_another_encoding(
    daemon: DaemonProcess, encoding: str
) -> None:
    _register(daemon)
    get = ("controller", "get", "--controller-id", "c")
    printed = penholder(daemon, *get, PYTHONIOENCODING=encoding)
    assert (printed.code, json.loads(printed.out)["label"]) == (0, _LABEL)
    text = subprocess.run(
        [PENHOLDER, *get, "--no-json"],
        env=environment(daemon, PYTHONIOENCODING=encoding),
        capture_output=True, timeout=TIMEOUT_S, check=False,
    )  # fmt: skip
    assert (text.returncode, text.stderr) == (0, b"")
    assert _LABEL.encode(encoding, "backslashreplace") in text.stdout


@pytest.mark.parametrize("words", [["backup", "b\udcff.db"], ["tail", "worker:\udcff"]])
def test_a_word_that_is_no_utf8_is_wrong_usage(daemon: DaemonProcess, words: list[str]) -> None:
    before = os.listdir(daemon.state_dir)
    ran = penholder(daemon, *words)
    assert (ran.code, ran.out) == (2, "")
    assert "\\udcff" in ran.err
    assert "is not UTF-8\n" in ran.err
    assert os.listdir(daemon.state_dir) == before
