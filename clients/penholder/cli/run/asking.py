"""Asking a runner over its socket; `endpoint` is the other end.

Where a worker's runner listens is told by the worker itself, and any program can be a worker. So a
path is believed only where it is the one that a runner of this worker would have, and the process
behind it only where the kernel says that it is this user's.
"""

import os
import signal
import socket
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import msgspec

from penholder._shared.address import connectable
from penholder.cli.run.endpoint import path_of, peer_of, read_line
from penholder_protocol.nouns import Worker

Answer = TypeVar("Answer", bound=msgspec.Struct)


class NoRunner(Exception):
    """No runner of this user answers for the worker; the message says why."""


class RunnerRefused(Exception):
    """The runner says why it did not do what was asked."""


class _Outcome(msgspec.Struct):
    ok: bool = True
    error: str = "it did not say why"


def connect(worker: Worker) -> socket.socket:
    """Connect to the runner of a worker; raises NoRunner."""
    if worker.socket_path is None:
        raise NoRunner(f"{worker.worker_id} is of host {worker.host_id}, where its runner is")
    path = runner_path(worker)
    if path is None:
        raise NoRunner(f"{worker.worker_id} has no runner: `penholder run` did not make it")
    connection = socket.socket(socket.AF_UNIX)
    try:
        with connectable(str(path)) as address:
            connection.connect(address)
        if peer_of(connection).uid != os.geteuid():
            raise NoRunner(f"{path} is another user's; act as that user")
    except OSError as error:
        connection.close()
        raise NoRunner(f"the runner of {worker.worker_id} does not answer: {error}") from None
    except NoRunner:
        connection.close()
        raise
    return connection


def wake(worker: Worker) -> None:
    """Let the runner of a worker go on that Ctrl-Z has stopped, and with it the command.

    Who is to be ended has to hear of it; a runner that goes on anyway takes no notice.
    """
    with suppress(NoRunner), connect(worker) as connection:
        pid = peer_of(connection).pid
        if pid > 0:  # 0 is a process that cannot be seen from here
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGCONT)


def runner_path(worker: Worker) -> Path | None:
    """Return where the worker's runner listens, if what the worker says can be a runner's."""
    if worker.runtime_socket is None:
        return None
    path = Path(worker.runtime_socket)
    is_runners = path == path_of(path.parent.parent, worker.worker_id)
    return path if is_runners and path.is_absolute() else None


def ask(
    worker: Worker, answer_type: type[Answer], *, timeout_s: float | None = None, **request: object
) -> Answer:
    """Send one request and return its answer; raises NoRunner, RunnerRefused, TimeoutError."""
    with connect(worker) as connection:
        connection.settimeout(timeout_s)
        try:
            connection.sendall(msgspec.json.encode(request) + b"\n")
            line, _ = read_line(connection, timeout_s)
        except TimeoutError:
            raise
        except OSError as error:
            raise NoRunner(f"the runner of {worker.worker_id} went away: {error}") from None
    try:
        outcome = msgspec.json.decode(line, type=_Outcome)
        if outcome.ok:
            return msgspec.json.decode(line, type=answer_type)
    except msgspec.MsgspecError as error:
        raise NoRunner(f"the runner of {worker.worker_id} answers oddly: {error}") from None
    raise RunnerRefused(outcome.error)
