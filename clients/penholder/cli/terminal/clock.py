"""What time it is where the daemon's times come from; the clock here may be another.

Times are of the daemon's machine, and of the server's clock where several share a store. How old
something is can only be told by the clock that its time is of. So the daemon is asked, once for all
that a word tells, and only where an age is told.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache

from penholder import ConnectionLost, DaemonUnreachable
from penholder.blocking import Client
from penholder_protocol.errors import PenholderError
from penholder_protocol.nouns import Pong

Now = Callable[[], datetime]
"""Says what time it is there, for who may have no age to tell."""


def now(client: Client) -> datetime:
    """Ask the daemon what time it is."""
    return datetime.fromisoformat(client.call("rpc.ping", {}, Pong).ts)


def written(at: datetime) -> str:
    """Write a time as the daemon does, which programs read beside its own."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def beside_an_answer(client: Client) -> Now:
    """Return what asks the daemon when it is first called, and says the same from then on.

    An answer is told even where the daemon is gone meanwhile, as a token that is told once: then
    the clock here has to do.
    """

    @cache
    def asked() -> datetime:
        try:
            return now(client)
        except (ConnectionLost, DaemonUnreachable, PenholderError):
            return datetime.now(UTC)

    return asked
