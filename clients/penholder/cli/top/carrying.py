"""Carrying acts out: an answer by the daemon's client, all else by the very command that is shown.

No shell is between: the words go as they are. Answers go straight to the daemon, since people give
many of them, and to start a program for each takes a blink too long.
"""

import subprocess
import sys
from collections.abc import Mapping, Sequence

from penholder import ConnectionLost, DaemonUnreachable
from penholder.blocking import Client
from penholder.cli.terminal import failures
from penholder.cli.top.model.acts import Act
from penholder_protocol.errors import PenholderError

PROGRAM = (sys.executable, "-m", "penholder.cli")
_COMMAND_S = 120.0
_ANSWER_S = 15.0


class Failed(Exception):
    """An act was not done; the text says why."""


def carry_out(act: Act, environment: Mapping[str, str], program: Sequence[str] = PROGRAM) -> str:
    """Do it and return what to say of it; raises Failed."""
    if act.answer is not None:
        return _decide(act)
    return _run([*program, *act.argv[1:]], act, environment)


def _decide(act: Act) -> str:
    assert act.answer is not None
    params: dict[str, object] = {
        "request_id": act.answer.question.request_id,
        "option": act.answer.option.id,
    }
    if act.answer.question.runtime_epoch is not None:
        params["runtime_epoch"] = act.answer.question.runtime_epoch
    if act.answer.note:
        params["note"] = act.answer.note
    try:
        with Client(act.host.socket_path, reconnect_s=5.0) as client:
            client.call("approval.decide", params, timeout_s=_ANSWER_S)
    except (PenholderError, ConnectionLost, DaemonUnreachable) as error:
        raise Failed(failures.sentence(error)) from None
    except (OSError, TimeoutError) as error:
        raise Failed(f"the daemon does not answer: {error}") from None
    return "done"


def _run(argv: Sequence[str], act: Act, environment: Mapping[str, str]) -> str:
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_COMMAND_S,
            env=dict(environment),
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise Failed(f"{act.shown}: {error}") from None
    said = (done.stderr if done.returncode else done.stdout or done.stderr).decode(errors="replace")
    last = said.strip().rpartition("\n")[2]
    if done.returncode:
        raise Failed(
            last.removeprefix("penholder: ") or f"{act.shown}: exit status {done.returncode}"
        )
    return last or "done"
