"""Handing over to a program of the daemon's that works on the database itself.

The command line opens no database and does not know the daemon's code, so it becomes that program.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn

from penholder import paths
from penholder.cli.terminal import store
from penholder.cli.terminal.failures import Failure
from penholder.cli.terminal.options import Options

_NOTHING: Mapping[str, str] = {}


def require_a_file(word: str, instead: str, options: Options) -> None:
    """Refuse a word that works on SQLite's file where the daemon keeps its state elsewhere.

    It would find nothing, or fill a file that nobody serves. Who names a directory means that one.
    """
    if options.state_dir is None and store.configured() is not None:
        raise Failure(
            f"the daemon keeps its state in PostgreSQL (PENHOLDER_STORE_URL, or [store] url), and"
            f" `penholder {word}` works on SQLite's file: {instead}; --state-dir DIR means the file"
            " in that directory all the same"
        )


def become(
    module: str,
    flags: Sequence[str],
    options: Options,
    words: Sequence[str],
    variables: Mapping[str, str] = _NOTHING,
) -> NoReturn:
    """Run a program of the daemon's in this one's place."""
    argv = [sys.executable, "-P", "-m", f"penholder_daemon.{module}", *flags]
    argv += [f"--state-dir={os.path.abspath(options.state_dir or paths.default_state_dir())}"]
    if options.json is not None:
        argv.append("--json" if options.json else "--no-json")
    # What is in the buffer would be gone with this program.
    sys.stdout.flush()
    # Behind two dashes: a file may have a name that begins with one.
    argv += ["--", *words] if words else []
    os.execve(argv[0], argv, {**os.environ, **variables})  # noqa: S606 - a program of ours, without a shell on purpose
