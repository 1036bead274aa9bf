"""Whether a server holds the history that its daemon knows: nothing is written before that is sure.

It is looked at in the first transaction of each connection, under the lock of all who write, and
again wherever the journal stands below what was known of it. Where something is owed for it
(`core.history.is_owed`), the batch is refused with nothing written, and the one mutation that
settles it is made next. Between such looks it costs a comparison of two numbers.

Only bytes of blobs go another way. They are known by their hash, so they are the same in every
history.

The identity is made of the system, which a physical copy has as well; of the timeline on which the
server writes, which is another once a standby or a recovery has ended; of the database and of the
schema, which are others where a dump was restored. Every role may ask for all of it. Where a server
does not answer that, as some may that only speak like PostgreSQL, there is none, and only positions
are compared.
"""

from collections.abc import Callable, Sequence

import msgspec
import psycopg
import structlog

from penholder_daemon.core import history
from penholder_daemon.core.commit import Answer
from penholder_daemon.core.effects import EndLostCursors
from penholder_daemon.core.history import Break
from penholder_daemon.core.method import Invocation
from penholder_daemon.core.store import StoreFault
from penholder_daemon.core.transaction import Published
from penholder_daemon.rooms.daemon.records.histories import Settled
from penholder_daemon.shell.store.postgres import connecting
from penholder_daemon.shell.store.postgres.connecting import SCHEMA
from penholder_daemon.shell.store.postgres.connection import Connection
from penholder_daemon.shell.store.postgres.serving_store import ServingStore
from penholder_protocol.errors import PenholderError

log = structlog.get_logger()

_IDENTITY = (
    # What the control file says of the timeline is the old one right after a promotion.
    "SELECT CAST(system_identifier AS TEXT) || ' '"
    " || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) || ' '"
    " || CAST((SELECT oid FROM pg_database WHERE datname = current_database()) AS TEXT) || ' '"
    f" || CAST((SELECT oid FROM pg_namespace WHERE nspname = '{SCHEMA}') AS TEXT)"
    " FROM pg_control_system()"
)
_ANOTHER = (
    "the database is of another history, after a failover or a restore; that is noted first: send"
    " it again"
)


def identity_of(connection: Connection) -> str | None:
    """Return what is another wherever a server may hold another history than before."""
    try:
        # Within a transaction this is a savepoint: it goes on whatever comes of it.
        with connection.transaction(), connecting.cursor_of(connection) as cursor:
            found = cursor.execute(_IDENTITY).fetchone()
    except psycopg.Error:
        # Of a connection that is lost the next statement will tell.
        return None
    return None if found is None or found[0] is None else str(found[0])


class Histories:
    """Lets transactions of a daemon begin on the history that it knows, and on no other."""

    def __init__(self, store: ServingStore, make_settling: Callable[..., Invocation]) -> None:
        """Know nothing of what is stored, so that it is settled before anything else."""
        self._store = store
        self._make_settling = make_settling
        self._identity = identity_of(store.connection)
        self._known_pos: int | None = None
        self._settled_session = 0
        self._is_settling = False
        self._to_tell: list[EndLostCursors] = []
        self.is_owed = True
        """Whether something is to be written before anything else is."""

    def allow(self, pos: int) -> bool:
        """Look at a transaction that has begun, with the journal at `pos`.

        Returns whether it is any but the one that settles; raises StoreFault for one that may not
        be made yet.
        """
        is_settled = self._settled_session == self._store.sessions
        if not is_settled or pos < (self._known_pos or 0):
            identity = identity_of(self._store.connection)
            if self._is_settling and identity == self._identity:
                return False
            self._identity = identity
            if self._is_settling or history.is_owed(self._store, identity, self._known_pos):
                self.is_owed = True
                raise StoreFault(_ANOTHER)
            self._go_on(pos, tuple(history.breaks(self._store)))
        self._known_pos = pos
        return True

    def know(self, published: Sequence[Published]) -> None:
        """Note that these are committed, whoever has written them."""
        # What was found over another connection may be of another history, until that is settled.
        if published and self._settled_session == self._store.sessions:
            self._known_pos = max(published[-1].entry.pos, self._known_pos or 0)

    def settle(self, run: Callable[[list[Invocation]], list[Answer]]) -> None:
        """Write what is owed, over whatever carries calls out."""
        self._is_settling = True
        try:
            call = self._make_settling(identity=self._identity, known_pos=self._known_pos)
            [answer] = run([call])
        finally:
            self._is_settling = False
        if isinstance(answer, PenholderError):
            return  # the next transaction finds it as it was
        found = msgspec.json.decode(answer, type=Settled)
        self._go_on(found.pos, found.breaks)
        if found.ended_pos is not None:
            ended = None if found.ended is None else msgspec.structs.asdict(found.ended)
            log.warning("another history", ended_pos=found.ended_pos, fenced=ended)

    def _go_on(self, pos: int, breaks: tuple[Break, ...]) -> None:
        self.is_owed = False
        self._known_pos = pos
        self._settled_session = self._store.sessions
        if breaks:
            self._to_tell = [EndLostCursors(breaks)]

    def to_tell(self) -> list[EndLostCursors]:
        """Return, once, what is to be done before anything is told of this history."""
        found, self._to_tell = self._to_tell, []
        return found
