"""What the programs have in common that work on the database while no daemon runs: how they end.

Exit status: 0, 1 if it was refused, 4 for a conflict, 11 if the database cannot be written, 130 if
it was interrupted.

Whoever meets a failure must know what it has left. So each is told with what is undone, as the
program itself knows it; one whose message says itself how far it came (`HalfDone`) is told without.
"""

import argparse
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TextIO

import apsw
import msgspec

from penholder_daemon.core.store import StoreFault
from penholder_daemon.refusals import Conflict, HalfDone, Refused
from penholder_daemon.shell.disk.copying import CopyFailed
from penholder_daemon.shell.disk.lock import AlreadyRunning, DirectoryLock
from penholder_daemon.shell.disk.paths import UnusablePath, absolute, default_state_dir
from penholder_daemon.shell.store import place
from penholder_daemon.shell.store.opening import UnusableDatabase

_STATUS = {
    Conflict: 4, StoreFault: 11, apsw.Error: 11, CopyFailed: 11, KeyboardInterrupt: 130,
}  # fmt: skip
_EXPECTED = (
    Refused, Conflict, HalfDone, AlreadyRunning, UnusableDatabase, UnusablePath, StoreFault,
    CopyFailed, apsw.Error, OSError, KeyboardInterrupt,
)  # fmt: skip
# 128 and the number of SIGPIPE, as a shell says it.
_BROKEN_PIPE = 141


def main(
    arguments: argparse.Namespace,
    work: Callable[[argparse.Namespace], str],
    say: Callable[[str], None],
    *,
    undone: str,
) -> int:
    """Do one piece of work and print what it did; returns the exit status.

    What ends it is said, with what is undone.
    """
    # What they make holds all that the daemon holds: nobody else may read it.
    os.umask(0o077)
    try:
        _print(work(arguments))
    except BrokenPipeError:
        _let_go(sys.stdout)
        return _BROKEN_PIPE
    except _EXPECTED as error:
        _let_go(sys.stdout)
        with suppress(OSError):  # full, or its reader has gone: there is nobody else to tell
            say(_report(error, undone, as_json=arguments.json is True))
        _let_go(sys.stderr)
        return next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 1)
    return 0


def state_dir(arguments: argparse.Namespace) -> Path:
    """Return the directory that was named, else the user's; raises UnusablePath."""
    given: Path | None = arguments.state_dir
    return absolute(given or default_state_dir())


def locked(directory: Path) -> DirectoryLock:
    """Take the lock of a state directory; raises AlreadyRunning, with what stops the daemon."""
    try:
        return DirectoryLock(directory)
    except AlreadyRunning as error:
        raise AlreadyRunning(
            f"{error}; under systemd it is `systemctl --user stop penholder.socket"
            " penholder.service` that stops it"
        ) from error


def require_own_store(state_dir: Path) -> None:
    """Refuse to take a database for the state that is elsewhere; raises Refused."""
    known = place.remembered(state_dir)
    if known not in (None, place.OWN):
        raise Refused(
            f"the state of {state_dir} is in {place.named(known, state_dir)}, not in the database"
            f" of the directory; to go on with that all the same, start the daemon on it once with"
            f" `penholder up {place.CHANGE}`"
        )


def _print(text: str) -> None:
    try:
        print(text, end="", flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise HalfDone(f"it is done, but what was done cannot be written: {error}") from error


def _let_go(stream: TextIO) -> None:
    """Throw away what cannot be written: the interpreter would try it again at its end."""
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def wants_json(asked: bool | None) -> bool:
    """Tell whether to print JSON: when asked, and when nobody reads along on a terminal."""
    return not sys.stdout.isatty() if asked is None else asked


def _report(error: BaseException, undone: str, *, as_json: bool) -> str:
    message = _sentence(error)
    message = message if isinstance(error, HalfDone) else f"{message}; {undone}"
    if not as_json:
        return f"penholder: {message}"
    code = "CONFLICT" if isinstance(error, Conflict) else "COMMAND_FAILED"
    data = {"code": code, "retryable": False, "details": {}}
    told = {"error": {"code": -32000, "message": message, "data": data}}
    return msgspec.json.encode(told).decode()


def _sentence(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    # As Python writes it the number comes first, which is for programs.
    if isinstance(error, OSError) and isinstance(error.filename, str | bytes) and error.strerror:
        return f"{os.fsdecode(error.filename)}: {error.strerror}"
    return str(error)
