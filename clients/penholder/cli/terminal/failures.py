"""How a command ends: its exit code, and what it says on stderr when it failed."""

import errno
import os
import sys
from contextlib import suppress

import msgspec

from penholder import ConnectionLost, DaemonUnreachable
from penholder.cli.terminal.text import printable, printable_json
from penholder.paths import NoHome
from penholder_protocol.errors import PenholderError

USAGE = 2
NOT_IN_THIS_STATE = 6
UNREACHABLE = 12
UNHEARD = 13
INTERRUPTED = 130
EXIT_CODES = {
    -32602: USAGE,
    1001: 3,
    1002: 4,
    1003: 5,
    1004: 6,
    1005: 7,
    1006: 8,
    1007: 9,
    1008: 10,
    1009: 11,
}
"""The exit code of every class of errors; 1 for all others."""

EXIT_CODES_HELP = """\
exit codes:
0 done, 1 failed otherwise, 2 wrong usage or params, 3 not found, 4 conflict, 5 fenced, 6 not in
this state, 7 over a limit, 8 not allowed, 9 busy (try again), 10 pruned, 11 the store cannot write,
12 no daemon, 13 nobody waits for the answer any more, 130 interrupted"""

_HINTS = {
    "CONTROLLER_NOT_FOUND": "penholder controller register --controller-id ID --label TEXT"
    " --workspace-key KEY makes one, penholder controller list shows them",
    "WORKER_NOT_FOUND": "penholder ps -a shows all",
    "APPROVAL_NOT_FOUND": "penholder inbox shows what is asked now",
    "NOT_ATTACHED": "penholder runtime attach takes the seat",
}
_HINTS_BY_SUBJECT = {
    ("FENCE_REQUIRED", "controller_id"): "pass --fence EPOCH:TOKEN, or --take-over to replace the"
    " owner for this act",
    ("FENCE_REQUIRED", "run_id"): "pass the --lease of your claim; penholder run claim makes one",
    ("FENCE_REQUIRED", "queue_task_id"): "pass the --lease of your claim; penholder queue claim"
    " makes one",
    ("FENCED", "controller_id"): "penholder controller acquire --takeover makes you the owner"
    " again, --take-over does so for one act",
    ("FENCED", "worker_id"): "another process has the seat; penholder runtime attach --takeover"
    " takes it",
    (
        "FENCED",
        "run_id",
    ): "the claim has ended or is another's; penholder run claim makes a new one",
    ("FENCED", "queue_task_id"): "the claim has ended or is another's; penholder queue claim makes"
    " a new one",
}
"""Whose fence it is decides what helps."""
_HINT_OF_UNREACHABLE = "penholder up starts the daemon"
_HINT_OF_LOST = "penholder doctor says more"
SERVER_ERROR = -32000
"""In the range that JSON-RPC leaves to implementations: no daemon answered."""


class Usage(Exception):
    """The command line is wrong; nothing was asked of the daemon."""


class Failure(Exception):
    """A command failed for a reason of its own."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        """Take what to say and the code to exit with."""
        super().__init__(message)
        self.exit_code = exit_code


EXPECTED = (Usage, Failure, NoHome, PenholderError, ConnectionLost, DaemonUnreachable)
"""What ends a command with a message; anything else is a fault of ours and shows its traceback."""
UNREADABLE = msgspec.DecodeError
"""What the answer of a daemon gives that is not what this program knows; what else is read from
elsewhere is looked after where it is read."""


class _Data(msgspec.Struct):
    code: str
    retryable: bool
    details: dict[str, object]


class _Error(msgspec.Struct):
    code: int
    message: str
    data: _Data


class _Report(msgspec.Struct):
    error: _Error


def exit_code(error: BaseException) -> int:
    """Return the exit code of a command that ended with this exception."""
    if isinstance(error, PenholderError):
        return EXIT_CODES.get(error.number, 1)
    if isinstance(error, ConnectionLost | DaemonUnreachable):
        return UNREACHABLE
    if isinstance(error, Usage):
        return USAGE
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    return error.exit_code if isinstance(error, Failure) else 1


def report(error: Exception, as_json: bool, command: str = "penholder", end: bytes = b"\n") -> int:
    """Say on stderr what went wrong; returns the exit code."""
    line = _as_json(error) if as_json else _as_text(error, command)
    with suppress(OSError):  # full, or its reader has gone: there is nobody else to tell
        sys.stderr.flush()
        sys.stderr.buffer.write(line + end)
        sys.stderr.flush()
    return exit_code(error)


def _as_json(error: Exception) -> bytes:
    line = as_object(error)
    return printable_json(line) if sys.stderr.isatty() else line


def _as_text(error: Exception, command: str) -> bytes:
    text = f"{command}: {sentence(error)}"
    if sys.stderr.isatty():
        text = "\n".join(map(printable, text.split("\n")))
    return text.encode(sys.stderr.encoding, "backslashreplace")


def of_system(error: OSError) -> Failure:
    """Say what the system refused: a full device, a file, the working directory."""
    reason = error.strerror or str(error) or type(error).__name__
    if isinstance(error.filename, str | bytes):  # not the number of a descriptor
        return Failure(f"{os.fsdecode(error.filename)}: {reason}")
    if isinstance(error, FileNotFoundError) and not _has_working_directory():
        return Failure("the working directory has been removed: change to another and try again")
    if error.errno == errno.ENOSPC:
        return Failure(f"the output cannot be written: {reason}")
    return Failure(reason)


def of_answer(error: msgspec.DecodeError) -> Failure:
    """Say that an answer is none of those that this program knows."""
    return Failure(
        f"the daemon's answer is not understood: {error} (it may be of another version than this"
        " program: `penholder rpc hello` tells it, and a restart of the daemon takes the one that"
        " is installed)"
    )


def no_text(error: UnicodeEncodeError) -> Usage:
    """Name a word in bytes that are not UTF-8, where the daemon is spoken to in JSON."""
    return Usage(f"{error.object!r} is not UTF-8")


def _has_working_directory() -> bool:
    try:
        os.getcwd()
    except OSError:
        return False
    return True


def sentence(error: Exception) -> str:
    """Say an error for people, with the way on where there is one."""
    hint = _hint(error) if isinstance(error, PenholderError) else None
    if isinstance(error, DaemonUnreachable):
        hint = getattr(error, "hint", _HINT_OF_UNREACHABLE)
    if isinstance(error, ConnectionLost):
        hint = getattr(error, "hint", _HINT_OF_LOST if type(error) is ConnectionLost else None)
    message = str(error) or type(error).__name__
    # What the client has never reached it tells with the way on itself.
    is_told = hint == _HINT_OF_UNREACHABLE and "`penholder up`" in message
    return f"{message} ({hint})" if hint and not is_told else message


def _hint(error: PenholderError) -> str | None:
    """Return the way on that fits what the error is about."""
    hints = (_HINTS_BY_SUBJECT.get((error.code, subject)) for subject in error.details)
    return next(filter(None, hints), _HINTS.get(error.code))


def as_object(error: Exception) -> bytes:
    """Say an error for programs: the error object of JSON-RPC."""
    if isinstance(error, PenholderError):
        data = _Data(error.code, error.retryable, dict(error.details))
        number = error.number
    else:
        number, code, retryable = _kind(error)
        data = _Data(code, retryable, {})
    return msgspec.json.encode(_Report(_Error(number, sentence(error), data)))


def _kind(error: Exception) -> tuple[int, str, bool]:
    if isinstance(error, Usage):
        return -32602, "INVALID_PARAMS", False
    if isinstance(error, DaemonUnreachable):
        return SERVER_ERROR, "DAEMON_UNREACHABLE", True
    if isinstance(error, ConnectionLost):
        return SERVER_ERROR, "CONNECTION_LOST", True
    return SERVER_ERROR, "COMMAND_FAILED", False
