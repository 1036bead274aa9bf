"""Words of the command line, said by a program of their own.

What starts commands in the background takes signals, prints, and may have to take back what it
began; it belongs in a process, and goes on in that one where this server is killed amid it. The
proof of ownership goes by the environment, never by words, which everybody can read.
"""

import os
import sys

import msgspec

from penholder.cli.mcp.failing import ToolFailure
from penholder.cli.mcp.job import Job
from penholder.cli.mcp.setup import SOCKET_VARIABLE, WORKER_VARIABLE
from penholder.cli.terminal.fences import VARIABLE as FENCE_VARIABLE
from penholder_protocol.errors import Detail, Fenced
from penholder_protocol.nouns import Fence

PATIENCE_S = 45.0
"""Less than what most clients wait for a tool."""
_PROGRAM = "from penholder.cli.main import main; raise SystemExit(main())"
_OWN = (WORKER_VARIABLE, SOCKET_VARIABLE)
_MOST_TOLD = 4000


class _Data(msgspec.Struct):
    code: str = "FAILED"
    details: dict[str, Detail] = {}


class _Error(msgspec.Struct):
    message: str
    data: _Data = msgspec.field(default_factory=_Data)


class _Report(msgspec.Struct):
    error: _Error


def say(job: Job, words: list[str], own: list[str], fence: Fence | None = None) -> str:
    """Run the command line and return what it printed; raises ToolFailure, Fenced where it failed.

    `words` are a word and its flags, `own` what comes behind them.
    """
    # Long to import, and most tools start nothing.
    from subprocess import DEVNULL, PIPE, Popen, TimeoutExpired  # noqa: PLC0415

    options = job.desk.setup.options
    where = {"--state-dir": options.state_dir, "--runtime-dir": options.runtime_dir}
    flags = [word for flag, value in where.items() if value for word in (flag, value)]
    environment = {name: value for name, value in os.environ.items() if name not in _OWN}
    environment.pop(FENCE_VARIABLE, None)
    if fence is not None:
        environment[FENCE_VARIABLE] = f"{fence.epoch}:{fence.token}"
    try:
        process = Popen(
            # -P: the working directory may hold modules of any name.
            [sys.executable, "-P", "-c", _PROGRAM, *words, "--json", *flags, *own],
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            env=environment,
            # Whoever ends this server by its group does not mean what it has begun.
            start_new_session=True,
        )
    except ValueError as error:
        raise ToolFailure("INVALID_PARAMS", f"no word may hold this: {error}") from None
    job.runs(process)
    try:
        out, told = process.communicate(timeout=PATIENCE_S)
    except TimeoutExpired:
        raise TimeoutError(f"it is not done after {PATIENCE_S:.0f} s, and goes on") from None
    if process.returncode != 0:
        raise _failure(told)
    return out.decode("utf-8", "replace")


def _failure(told: bytes) -> ToolFailure | Fenced:
    for line in reversed(told.splitlines()):
        try:
            error = msgspec.json.decode(line, type=_Report).error
        except msgspec.MsgspecError:
            continue
        if error.data.code == Fenced.code:  # by which who holds the fence knows that it is lost
            return Fenced(error.message, **error.data.details)
        return ToolFailure(error.data.code, error.message)
    return ToolFailure("FAILED", told[-_MOST_TOLD:].decode("utf-8", "replace") or "it said nothing")
