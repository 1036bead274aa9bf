"""`penholder status`: the daemon in figures, at once.

The one command that people type when something is wrong, so it reads no contract, draws no tables
and answers in a tenth of a second.
"""

import sys
from collections.abc import Sequence

import msgspec

from penholder import DaemonUnreachable
from penholder.cli.daemon_process import keeper, presence
from penholder.cli.terminal import output, silence, targets
from penholder.cli.terminal.options import Parser, add_common, normalized, parse_known, read_options
from penholder.cli.terminal.text import plain
from penholder_protocol import __version__


class Running(msgspec.Struct):
    """What commands need of a daemon's status: what one of any version says."""

    version: str
    pid: int
    state_dir: str
    store_fault: str | None = None
    unserved_workers: int = 0


def run(words: Sequence[str]) -> int:
    """Carry out `penholder status words…`; returns the exit code."""
    parser = Parser(prog="penholder status", description="Say how the daemon is.")
    add_common(parser)
    options = read_options(parse_known(parser, normalized(words)))
    answer = ask(options)
    _warn_of_age(msgspec.json.decode(answer, type=Running))
    if output.wants_json(options.json):
        output.print_json(bytes(answer))
    else:
        _print(msgspec.json.decode(answer, type=dict[str, object]))
    return 0


def ask(where: targets.Where) -> msgspec.Raw:
    """Return the status; raises DaemonUnreachable without a daemon."""
    target = targets.choose(where)
    with targets.connect(target, where.operation) as client:
        try:
            return client.call_raw("daemon.status", timeout_s=silence.PATIENCE_S)
        except TimeoutError:
            raise silence.Silent(target.path, target.state_dir) from None


def record(where: targets.Where) -> Running:
    """Return who runs there; raises DaemonUnreachable without a daemon."""
    return msgspec.json.decode(ask(where), type=Running)


def running(where: targets.Where) -> Running | None:
    """Return the daemon that runs there, None if none does.

    Raises CannotTell, or DoesNotAnswer where one is there and cannot be asked.
    """
    try:
        return record(where)
    except (presence.CannotTell, presence.DoesNotAnswer):
        raise
    except DaemonUnreachable:
        return None


def _warn_of_age(running: Running) -> None:
    if keeper.is_older(running.version):
        print(
            f"penholder: warning: the running daemon is version {running.version}, the program is"
            f" {__version__}: {keeper.restart_command(running.pid)}",
            file=sys.stderr,
        )


def _print(status: dict[str, object]) -> None:
    workers = status.get("workers")
    if isinstance(workers, dict):
        status = {**status, "workers": ", ".join(f"{n} {s}" for s, n in workers.items()) or "none"}
    width = max(map(len, status)) + 2
    for name, value in status.items():
        print(f"{name:<{width}}{plain(value)}")
