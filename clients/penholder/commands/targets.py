"""Which socket a command asks.

Methods that only runtime sockets serve go to $PENHOLDER_SOCKET, everything else to the control
socket; `--worker` and `--socket` say otherwise.
"""

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

from penholder import DaemonUnreachable, paths
from penholder._address import connectable
from penholder.blocking import Client
from penholder.commands.failures import Usage

if TYPE_CHECKING:
    from penholder.commands.spec import Method

SOCKET_VARIABLE = "PENHOLDER_SOCKET"
RECONNECT_S = 30.0
"""How long a call goes on asking a daemon that was there and is away or busy now."""


class Where(Protocol):
    """The options that decide it."""

    socket: str | None
    runtime_dir: str | None
    worker: str | None
    operation: str | None


class Target(msgspec.Struct, frozen=True):
    """A socket; on a worker's own the seat is the fence and the worker need not name itself."""

    path: Path
    is_runtime: bool


def choose(where: Where, method: "Method | None" = None) -> Target:
    """Find the socket that a method is to be asked on."""
    if where.socket and where.worker:
        raise Usage("pass --socket or --worker, not both")
    if where.worker:
        return Target(_worker_socket(where, where.worker), is_runtime=True)
    if where.socket:
        return Target(Path(where.socket), is_runtime=_is_runtime(Path(where.socket)))
    if method is None or "control" in method.sockets:
        return Target(paths.control_socket(where.runtime_dir), is_runtime=False)
    own = os.environ.get(SOCKET_VARIABLE)
    if not own:
        raise Usage(
            f"{method.name} is served on runtime sockets only: pass --worker ID, or --socket PATH,"
            f" or set {SOCKET_VARIABLE}"
        )
    return Target(Path(own), is_runtime=True)


def _worker_socket(where: Where, worker_id: str) -> Path:
    if "/" in worker_id or worker_id in (".", ".."):
        raise Usage(f"--worker: {worker_id!r} is no worker id")
    return paths.control_socket(where.runtime_dir).with_name("workers") / f"{worker_id}.sock"


def _is_runtime(path: Path) -> bool:
    own = os.environ.get(SOCKET_VARIABLE)
    return path.absolute().parent.name == "workers" or (bool(own) and path == Path(own or ""))


def connect(target: Target, operation: str | None) -> Client:
    """Make a client of a daemon that is there now; raises DaemonUnreachable at once if not.

    Once it was there, calls are patient over its restarts. The socket of the worker that this
    command runs in was there when the worker began: of that one it is patient from the start.
    """
    try:
        client = Client(target.path, reconnect_s=RECONNECT_S, operation=operation)
    except ValueError as error:
        raise Usage(f"--operation: {error}") from None
    if str(target.path) != os.environ.get(SOCKET_VARIABLE):
        probe(target.path)
    return client


def probe(path: Path) -> None:
    """Raise DaemonUnreachable unless somebody accepts connections there."""
    try:
        with connectable(str(path)) as address, socket.socket(socket.AF_UNIX) as connection:
            connection.connect(address)
    except OSError as error:
        raise DaemonUnreachable(f"no daemon answers at {path}: {error.strerror}") from None
