"""Words that programs start say so to a person who has started one: else they only seem to hang."""

import subprocess

import pytest

from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.programs import PENHOLDER, environment
from tests.helpers.ptys import StartInTerminal


@pytest.mark.parametrize(("word", "who"), [("mcp", "an agent"), ("bridge", "penholder --at")])
def test_who_speaks_to_it_is_said_at_a_terminal_alone(
    daemon: DaemonProcess, in_terminal: StartInTerminal, word: str, who: str
) -> None:
    typing = in_terminal(word)
    typing.wait_for(f"penholder {word}: .*{who}.*Ctrl-C ends it")
    typing.type(b"\x04")
    typing.end()
    piped = subprocess.run(
        [PENHOLDER, word],
        env=environment(daemon),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    assert (piped.returncode, piped.stdout, piped.stderr) == (0, b"", b"")
