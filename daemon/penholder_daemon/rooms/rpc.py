"""The connection itself: who is there, what it offers, and the end of a wait."""

from penholder_daemon.core.caller import CONTROL, RUNTIME
from penholder_daemon.core.registry import Room
from penholder_daemon.core.session import Session
from penholder_protocol import PROTOCOL_VERSION, __version__, limits
from penholder_protocol.nouns import Canceled, Hello, Peer, Pong
from penholder_protocol.nouns.words import JsonObject, Text

room = Room("rpc")

_LIMITS = {
    name: value for name, value in vars(limits).items() if name.isupper() and isinstance(value, int)
}
_CAPABILITIES = ["batch", "idempotency", "subscriptions", "transactions", "waits"]


@room.local(sockets=(CONTROL, RUNTIME))
async def hello(
    session: Session,
    *,
    client: Text | None = None,  # noqa: ARG001 - for the log of a peer's traffic
    version: Text | None = None,  # noqa: ARG001
) -> Hello:
    """Introduce yourself and learn what the daemon is, its limits, and who it takes you for.

    Optional: a one-shot call may skip it.
    """
    caller = session.caller
    return Hello(
        server="penholder",
        version=__version__,
        protocol=PROTOCOL_VERSION,
        boot_id=session.world.boot_id,
        limits=_LIMITS,
        capabilities=_CAPABILITIES,
        you=Peer(socket=caller.socket, uid=caller.uid, pid=caller.pid, worker_id=caller.worker_id),
    )


@room.local(sockets=(CONTROL, RUNTIME))
async def ping(session: Session) -> Pong:
    """Ask whether the daemon is there."""
    return Pong(pong=True, ts=session.world.now())


@room.local(sockets=(CONTROL, RUNTIME))
async def discover(session: Session) -> JsonObject:
    """Return the OpenRPC document: every method, record and error."""
    return session.daemon.openrpc()


@room.local(sockets=(CONTROL, RUNTIME), takes_nul=True)
async def cancel(session: Session, *, id: int | str) -> Canceled:  # noqa: A002 - wire name
    """End a wait of this connection: it answers at once, as at its timeout."""
    return Canceled(canceled=session.cancel_wait(id))
