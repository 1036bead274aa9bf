"""Our own programs as processes of a test: forked by a server where that makes no difference."""

import atexit
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TypeAlias

from penholder.cli.catalog import COMMANDS
from tests.helpers.fork_server import Order
from tests.helpers.forked import Forked, ForkServer, Stream

PENHOLDER = str(Path(sys.executable).with_name("penholder"))
DAEMON = "penholder_daemon"
"""The module of the daemon's program, and the package of those beside it."""
WORDS = "penholder.cli"
"""The module of the command line."""
_OF_THE_DAEMON = ("main", "moving.target", "restoring.restore", "transferring.transfer")
_OF_ALL_WORDS = ("main", "contract", "verbs.call", "verbs.helptext")
_OF_AN_EXTRA = "words.top"

Process: TypeAlias = subprocess.Popen[bytes] | Forked


def start(
    module: str,
    words: Sequence[str],
    environment: Mapping[str, str],
    *,
    cwd: Path | None = None,
    stdin: Stream = subprocess.DEVNULL,
    stdout: Stream = subprocess.PIPE,
    stderr: Stream = subprocess.PIPE,
) -> Process:
    """Start a module as a program; it is executed if a fork could not give it its environment."""
    server = _words_server() if module == WORDS else _daemon_server()
    if server.suits(environment):
        order = Order(
            module=module, words=[*words], directory=os.path.abspath(cwd or "."),
            environment={**environment},
        )  # fmt: skip
        return Forked(server, order, stdin, stdout, stderr)
    return subprocess.Popen(
        command(module, words), env=environment, cwd=cwd, stdin=stdin, stdout=stdout, stderr=stderr
    )


def run(
    module: str,
    words: Sequence[str],
    environment: Mapping[str, str],
    *,
    given: bytes | None = None,
    timeout_s: float = 60,
) -> "subprocess.CompletedProcess[bytes]":
    """Run one to its end."""
    stdin = subprocess.DEVNULL if given is None else subprocess.PIPE
    with start(module, words, environment, stdin=stdin) as process:
        try:
            out, err = process.communicate(given, timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        return subprocess.CompletedProcess([module, *words], process.wait(), out, err)


def command(module: str, words: Sequence[str]) -> list[str]:
    """Return what one executes that is not forked."""
    if module == WORDS:
        return [PENHOLDER, *words]
    return [sys.executable, "-W", "error", "-m", module, *words]


@cache
def _daemon_server() -> ForkServer:
    return _serving([f"{DAEMON}.{name}" for name in _OF_THE_DAEMON], {**os.environ})


@cache
def _words_server() -> ForkServer:
    own = {each.function.partition(":")[0] for each in COMMANDS.values()} - {_OF_AN_EXTRA}
    modules = [f"{WORDS}.{name}" for name in (*_OF_ALL_WORDS, *sorted(own))]
    return _serving(modules, {**os.environ, "PYTHONWARNINGS": "error"})


def _serving(modules: Sequence[str], environment: Mapping[str, str]) -> ForkServer:
    server = ForkServer(modules, environment)
    atexit.register(server.end)
    return server
