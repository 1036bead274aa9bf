"""`penholder down`: the end of the daemon, waited for."""

import os
import select
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from penholder import ConnectionLost, DaemonUnreachable
from penholder.commands import keeping, output, status, targets
from penholder.commands.failures import Failure
from penholder.commands.options import (
    Options,
    Parser,
    add_common,
    add_operation,
    normalized,
    parse_known,
    read_options,
)
from penholder.commands.values import whole_number
from penholder_protocol.limits import MAX_DRAIN_MS
from penholder_protocol.nouns import Stopping

_STOP_MARGIN_S = 30.0
_DRAIN_MS = 5000


class _Down(msgspec.Struct):
    running: bool
    stopped: bool
    pid: int | None


def run(words: Sequence[str]) -> int:
    """Carry out `penholder down words…`; returns the exit code."""
    parser = Parser(
        prog="penholder down",
        description="Stop the daemon and wait until it is gone. Workers go on without it.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--drain-ms", default=str(_DRAIN_MS), metavar="N", help=f"default {_DRAIN_MS}"
    )
    add_operation(parser)
    add_common(parser, sockets=False)
    found = parse_known(parser, normalized(words))
    options = read_options(found)
    drain_ms = whole_number("--drain-ms", found.drain_ms, MAX_DRAIN_MS)
    running = status.running(options)
    if running is not None:
        _refuse_kept(running.pid)
        _stop(running.pid, drain_ms, options)
    else:
        _refuse_unreachable(targets.choose(options).path)
    return _tell_down(running, options)


def _refuse_kept(pid: int) -> None:
    manager = keeping.manager_of(pid)
    if manager is not None:
        stop = keeping.systemctl(manager, "stop", "penholder.socket", "penholder.service")
        raise Failure(
            f"systemd keeps the daemon (process {pid}) and would start it again; to stop it: {stop}"
        )


def _refuse_unreachable(socket: Path) -> None:
    """Do not call a daemon gone whose socket somebody has removed."""
    pid = keeping.holder(socket.parent)
    if pid is not None:
        raise Failure(
            f"process {pid} serves {socket.parent}, but nobody answers at {socket}: it is starting"
            f" or ending, or the socket was removed; `kill {pid}` stops it"
        )


def _stop(pid: int, drain_ms: int, options: Options) -> None:
    # The handle is opened before the process is asked to end: it cannot come to mean another.
    handle = _handle(pid)
    if handle is None:
        return
    patience_s = drain_ms / 1000 + _STOP_MARGIN_S
    try:
        # It may be gone before it could answer; that it goes is what is waited for.
        with (
            suppress(ConnectionLost, DaemonUnreachable),
            targets.connect(targets.choose(options), options.operation) as client,
        ):
            client.call("daemon.shutdown", {"drain_ms": drain_ms}, Stopping)
        if not select.select([handle], [], [], patience_s)[0]:
            raise Failure(f"process {pid} has not ended after {patience_s:.0f} s")
    finally:
        os.close(handle)


def _handle(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


def _tell_down(running: status.Running | None, options: Options) -> int:
    pid = None if running is None else running.pid
    if output.wants_json(options.json):
        told = _Down(running=False, stopped=running is not None, pid=pid)
        output.print_json(msgspec.json.encode(told))
    else:
        print("no daemon is running" if pid is None else f"process {pid} has ended")
    return 0
