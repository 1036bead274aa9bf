"""`penholder down`: the end of the daemon, waited for."""

import os
import select
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from penholder import ConnectionLost, DaemonUnreachable
from penholder.cli.commands import status
from penholder.cli.daemon_process import keeper, presence
from penholder.cli.terminal import output, targets
from penholder.cli.terminal.failures import Failure
from penholder.cli.terminal.options import (
    Options,
    Parser,
    add_common,
    add_operation,
    normalized,
    parse_known,
    read_options,
)
from penholder.cli.verbs.values import whole_number
from penholder_protocol.limits import MAX_DRAIN_MS
from penholder_protocol.nouns import Stopping

_STOP_MARGIN_S = 30.0
_DRAIN_MS = 5000
_LOOK_S = 0.05


class _Down(msgspec.Struct):
    running: bool
    stopped: bool
    pid: int | None


def run(words: Sequence[str]) -> int:
    """Carry out `penholder down words…`; returns the exit code."""
    parser = Parser(
        prog="penholder down",
        description="Stop the daemon and wait until it is gone. Workers go on without it.",
    )
    parser.add_argument(
        "--drain-ms", default=str(_DRAIN_MS), metavar="N", help=f"default {_DRAIN_MS}"
    )
    add_operation(parser)
    add_common(parser, sockets=False)
    found = parse_known(parser, normalized(words))
    options = read_options(found)
    drain_ms = whole_number("--drain-ms", found.drain_ms, MAX_DRAIN_MS)
    try:
        running = status.running(options)
    except presence.DoesNotAnswer as silent:
        return _tell_down(_end_silent(silent, drain_ms), options)
    if running is None:
        return _tell_down(None, options)
    _stop(running, drain_ms, options)
    return _tell_down(running.pid, options)


def _refuse_kept(pid: int) -> None:
    manager = keeper.manager_of(pid)
    if manager is not None:
        stop = keeper.systemctl(manager, "stop", "penholder.socket", "penholder.service")
        raise Failure(
            f"systemd keeps the daemon (process {pid}) and would start it again; to stop it: {stop}"
        )


def _end_silent(silent: presence.DoesNotAnswer, drain_ms: int) -> int:
    """End a daemon whose socket is gone, by a signal; returns its pid."""
    holder = silent.holder
    handle = None if holder.socket is None or silent.is_elsewhere else _handle(holder)
    if handle is None or holder.pid is None:
        raise silent
    _refuse_kept(holder.pid)
    try:
        # Through the handle: by its pid somebody else could be met.
        signal.pidfd_send_signal(handle, signal.SIGTERM)
        _await(handle, holder.pid, drain_ms)
    except PermissionError:
        raise Failure(f"process {holder.pid} is another user's; ask as that user") from None
    finally:
        os.close(handle)
    return holder.pid


def _stop(running: status.Running, drain_ms: int, options: Options) -> None:
    """Ask for the end and wait for it.

    The pid that a daemon tells is the one that it has in its own pid namespace. Here it may be
    somebody else's, so the process that is waited for is the one that holds the lock.
    """
    target = targets.choose(options)
    holder = _holder(Path(running.state_dir), target.path.parent)
    _refuse_kept(running.pid if holder is None or holder.pid is None else holder.pid)
    # The handle is opened before the process is asked to end: it cannot come to mean another.
    handle = None if holder is None else _handle(holder)
    try:
        # It may be gone before it could answer; that it goes is what is waited for.
        with (
            suppress(ConnectionLost, DaemonUnreachable),
            targets.connect(target, options.operation) as client,
        ):
            client.call("daemon.shutdown", {"drain_ms": drain_ms}, Stopping)
        if handle is not None:
            _await(handle, running.pid, drain_ms)
        else:
            _await_lock(running, target.path, drain_ms)
    finally:
        if handle is not None:
            os.close(handle)


def _holder(*directories: Path) -> presence.Holder | None:
    for directory in directories:
        with suppress(PermissionError):
            holder = presence.find(directory)
            if holder is not None:
                return holder
    return None


def _handle(holder: presence.Holder) -> int | None:
    """Open the process that holds a lock, if it still does."""
    if holder.pid is None:
        return None
    try:
        handle = os.pidfd_open(holder.pid)
    except OSError:
        return None
    # Asked again, now that the handle means one process: the number may have been another's before.
    if presence.pid_of_holder(holder.directory) == holder.pid:
        return handle
    os.close(handle)
    return None


def _await(handle: int, pid: int, drain_ms: int) -> None:
    patience_s = drain_ms / 1000 + _STOP_MARGIN_S
    poll = select.poll()  # select takes no descriptor from 1024 on
    poll.register(handle, select.POLLIN)
    if not poll.poll(patience_s * 1000):
        raise Failure(f"process {pid} has not ended after {patience_s:.0f} s")


def _await_lock(running: status.Running, socket: Path, drain_ms: int) -> None:
    """Wait for a daemon whose process cannot be seen: at its end it lets go of its lock."""
    deadline = time.monotonic() + drain_ms / 1000 + _STOP_MARGIN_S
    while _holder(Path(running.state_dir), socket.parent) is not None or _answers(socket):
        if time.monotonic() > deadline:
            raise Failure(f"process {running.pid} of another pid namespace has not ended")
        time.sleep(_LOOK_S)


def _answers(socket: Path) -> bool:
    try:
        targets.probe(socket)
    except DaemonUnreachable:
        return False
    return True


def _tell_down(pid: int | None, options: Options) -> int:
    if output.wants_json(options.json):
        answer = _Down(running=False, stopped=pid is not None, pid=pid)
        output.print_json(msgspec.json.encode(answer))
    else:
        print("no daemon is running" if pid is None else f"process {pid} has ended")
    return 0
