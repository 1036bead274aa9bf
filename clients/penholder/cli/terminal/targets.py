"""Which socket a command asks.

Inside `penholder run`, whose command finds its worker's socket in $PENHOLDER_SOCKET, a method that
runtime sockets serve speaks for the worker; everything else goes to the control socket. `--worker`,
`--socket` and `--control` say otherwise, and so does what only makes sense on the control socket:
another worker's id, a runtime directory, a proof of ownership.

Where the control socket is, is chosen by the same rules by which the daemon chose it. But it was
started in one environment and is asked from another, so the rules may lead elsewhere. What both
know is the state directory, and the lock file there names the socket. It is asked unless a
directory was said.

A worker that was stopped has no socket any more, and its command may still have something to say.
Where the daemon is there and the socket is not, it is spoken for on the control socket beside it.

A command is patient with a daemon that was there and is away for a moment, not with one that never
was: so it is looked first whether anybody accepts (`probe`). Only of the socket of the worker that
this runs in is it known that it was there.
"""

import os
import socket
import struct
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

from penholder import ConnectionLost, DaemonUnreachable, NotUnderstood, paths
from penholder._shared.address import connectable
from penholder.blocking import Client
from penholder.cli.daemon_process import presence
from penholder.cli.terminal.failures import Usage
from penholder.cli.terminal.silence import RECONNECT_S, AttendedClient, Attending, Waiting
from penholder.cli.terminal.vigil import WaitingClient

if TYPE_CHECKING:
    from penholder.cli.contract import Method

SOCKET_VARIABLE = "PENHOLDER_SOCKET"
WORKER_VARIABLE = "PENHOLDER_WORKER_ID"
RUNTIME_VARIABLE = "PENHOLDER_RUNTIME_DIR"
_ELSEWHERE_S = 60.0
"""What the first answer of another machine may take: ssh may ask for a password."""
_PROBE_TIME = struct.pack("ll", 1, 0)
"""What the kernel may take to queue a connection, in seconds and microseconds."""


class NotThere(DaemonUnreachable):
    """Nobody answers on another machine."""

    hint = "is it up there, and does ssh reach it?"


class Garbled(NotThere):
    """Something else than a daemon speaks there, or before it does."""

    hint = "a file that the shell reads there, such as ~/.bashrc, may print for terminals only"


class Where(Protocol):
    """The options that decide it."""

    socket: str | None
    runtime_dir: str | None
    state_dir: str | None
    worker: str | None
    operation: str | None
    control: bool
    at: str | None
    fence: str | None
    take_over: bool


class Target(msgspec.Struct, frozen=True):
    """A socket; on a worker's own the seat is the fence and the worker need not name itself."""

    path: Path
    is_runtime: bool
    state_dir: Path | None = None
    """Of a control socket: where to look for a daemon that does not answer there."""
    worker_id: str | None = None
    """Whom a call is about that names no worker, where the socket does not say it."""
    at: str | None = None
    """The other machine that a socket here leads to."""


def choose(where: Where, method: "Method | None" = None, worker_id: object | None = None) -> Target:
    """Find the socket that a method, which may be about a worker, is to be asked on."""
    if len([each for each in (where.socket, where.worker, where.control) if each]) > 1:
        raise Usage("pass only one of --socket, --worker and --control")
    if where.at:
        return _elsewhere(where, method)
    if where.worker:
        return Target(_worker_socket(where, where.worker), is_runtime=True)
    if where.socket:
        return Target(Path(where.socket), is_runtime=_is_runtime(Path(where.socket)))
    own = os.environ.get(SOCKET_VARIABLE)
    if method is None or where.control or "runtime" not in method.sockets:
        return _control(where)
    if "control" in method.sockets:
        if not (own and _speaks_for(own, where, worker_id)):
            return _control(where)
        if _is_stopped(own):
            return Target(_control_beside(own), is_runtime=False, worker_id=_own_id(own))
    if not own:
        raise Usage(
            f"{method.name} is served on runtime sockets only: pass --worker ID, or --socket PATH,"
            f" or set {SOCKET_VARIABLE}"
        )
    return Target(Path(own), is_runtime=True)


def _elsewhere(where: Where, method: "Method | None") -> Target:
    """Return the way to the daemon of another machine, which is its control socket alone."""
    at = where.at or ""
    if where.socket or where.worker or where.runtime_dir:
        raise Usage("--at leads to the control socket there: no --socket, --worker, --runtime-dir")
    if method is not None and "control" not in method.sockets:
        raise Usage(f"{method.name} is served on runtime sockets only, --at leads to no such one")
    from penholder.cli.terminal import remote, tunnel  # noqa: PLC0415 - few go elsewhere

    return Target(tunnel.to(remote.resolve(at)).path, is_runtime=False, at=at)


def _control(where: Where) -> Target:
    state_dir = Path(where.state_dir or paths.default_state_dir())
    return Target(_control_socket(where, state_dir), is_runtime=False, state_dir=state_dir)


def _control_socket(where: Where, state_dir: Path) -> Path:
    """Return the control socket: where it was said to be, or where the daemon says that it is.

    A daemon was started with one environment and is asked from another, without XDG_RUNTIME_DIR for
    one: what both know is the state directory.
    """
    if where.runtime_dir or os.environ.get(RUNTIME_VARIABLE):
        return paths.control_socket(where.runtime_dir)
    # Who may not look at the lock goes by the rules.
    with suppress(PermissionError):
        holder = presence.find(state_dir)
        if holder is not None and holder.socket is not None:
            return holder.socket
    return paths.control_socket()


def _speaks_for(own: str, where: Where, worker_id: object | None) -> bool:
    """Tell whether a method that both sockets serve speaks for the worker that this runs in."""
    if where.runtime_dir or where.fence or where.take_over:
        return False
    if worker_id is None:
        return True
    return worker_id == _own_id(own)


def _own_id(own: str) -> str:
    return os.environ.get(WORKER_VARIABLE) or Path(own).stem


def _control_beside(own: str) -> Path:
    return Path(own).parent.parent / "control.sock"


def _is_stopped(own: str) -> bool:
    """Tell whether the daemon is there, and the socket is not: it serves no stopped worker."""
    return not os.path.exists(own) and _control_beside(own).exists()


def _worker_socket(where: Where, worker_id: str) -> Path:
    if "/" in worker_id or worker_id in (".", ".."):
        raise Usage(f"--worker: {worker_id!r} is no worker id")
    return paths.control_socket(where.runtime_dir).with_name("workers") / f"{worker_id}.sock"


def _is_runtime(path: Path) -> bool:
    own = os.environ.get(SOCKET_VARIABLE)
    # By its place: the daemon has all runtime sockets in one directory of that name.
    return path.absolute().parent.name == "workers" or (bool(own) and path == Path(own or ""))


def connect(
    target: Target,
    operation: str | None,
    *,
    waits: bool = False,
    says: bool = True,
    has_screen: bool = False,
) -> Client:
    """Make a client of a daemon that is there now; raises DaemonUnreachable at once if not.

    Once it was there, calls are patient over its restarts. The socket of the worker that this
    command runs in was there when the worker began: of that one it is patient from the start.

    One that is there and does not answer ends a call with `silence.Silent`, but for a command that
    `waits` by its meaning: that `says` so on stderr, and goes on. So it does while the store is
    away. Who has the screen for something else says it only while it waits for an answer.
    """
    try:
        client = _client(target, operation, waits=waits, says=says, has_screen=has_screen)
    except ValueError as error:
        raise Usage(f"--operation: {error}") from None
    if target.at is not None:
        _probe_elsewhere(target)
    elif str(target.path) != os.environ.get(SOCKET_VARIABLE):
        probe(target.path, target.state_dir)
    if says and not has_screen and isinstance(client, WaitingClient):
        client.keep_vigil()
    return client


def _client(
    target: Target, operation: str | None, *, waits: bool, says: bool, has_screen: bool
) -> Client:
    path, state_dir = target.path, target.state_dir
    if target.at is not None:
        # To look would take an ssh of its own, each time.
        return Client(path, reconnect_s=RECONNECT_S, operation=operation)
    if waits and not (says and has_screen):
        return WaitingClient(path, state_dir, reconnect_s=RECONNECT_S, operation=operation)
    tells_failures = says and not has_screen
    attention = (
        Waiting(path, state_dir, says=True)
        if waits
        else Attending(path, state_dir, tells_failures=tells_failures)
    )
    return AttendedClient(path, attention, reconnect_s=RECONNECT_S, operation=operation)


def _probe_elsewhere(target: Target) -> None:
    """Raise DaemonUnreachable unless a daemon answers through the tunnel; ssh has said why."""
    try:
        with Client(target.path, reconnect_s=0) as client:
            client.call("rpc.ping", timeout_s=_ELSEWHERE_S)
    except NotUnderstood as error:
        raise Garbled(f"{target.at}: {error}") from None
    except (DaemonUnreachable, ConnectionLost, TimeoutError):
        raise NotThere(f"no daemon answers at {target.at}") from None


def probe(path: Path, state_dir: Path | None = None) -> None:
    """Raise DaemonUnreachable unless somebody accepts connections there.

    With a state directory, and its kinds in `presence` where there is more to say.
    """
    try:
        with connectable(str(path)) as address, socket.socket(socket.AF_UNIX) as connection:
            # Where nobody takes connections from the queue a full one would be waited for for ever.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _PROBE_TIME)
            connection.connect(address)
    except BlockingIOError:
        return
    except OSError as error:
        if state_dir is not None:
            raise presence.unreachable(path, error, state_dir) from None
        raise DaemonUnreachable(f"no daemon answers at {path}: {error.strerror}") from None
