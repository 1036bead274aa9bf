"""One daemon serves a database at a time: the connection that writes holds a lock as long as it is.

The lock is of the session, and all that is written goes over that session. So a transaction that
commits is one of the daemon that serves, whatever has become of clocks, leases or networks. A lock
that was lost with its connection is asked for again with the next one, before anything is written.
Then another daemon may have it, and this one writes nothing until that one is gone: it serves reads
and refuses mutations. Nothing must be told to it, and nothing is waited for.

What lies in between: a connection that is lost on this side only. The server keeps its session, and
the lock, until it notices (some ten seconds, by keepalives). So a daemon that meets its own old
session ends it: nobody else is of the same host, for the state directory has a lock of its own. One
that waits for a standby is left alone: it would be told to be committed though the standby has
nothing of it.
"""

from penholder_daemon.core.store import StoreBusy
from penholder_daemon.shell.store.postgres import connecting
from penholder_daemon.shell.store.postgres.connecting import Connect, Connection

SERVES = 0x50454E32
"""The key of the lock that the one daemon holds."""
_TAKE = f"SELECT pg_try_advisory_lock({SERVES})"
_HOLDERS = (
    "SELECT {what} FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
    " WHERE l.locktype = 'advisory' AND l.classid = 0 AND l.granted"
    f" AND l.objid = {SERVES} AND l.objsubid = 1"
    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_END_OWN = (
    _HOLDERS.format(what="pg_terminate_backend(a.pid, 1000)")
    + " AND a.application_name = $1 AND a.wait_event IS DISTINCT FROM 'SyncRep'"
)
_WHO = _HOLDERS.format(what="a.application_name")


def serving(connect: Connect, name: str) -> Connect:
    """Have each connection hold the lock, or be none; `name` is this daemon's alone."""

    def connect_to_serve() -> Connection:
        connection = connect()
        try:
            _take(connection, name)
        except BaseException:
            connection.close()
            raise
        return connection

    return connect_to_serve


def _take(connection: Connection, name: str) -> None:
    with connecting.cursor_of(connection) as cursor:
        if cursor.execute(_TAKE).fetchone() == (1,):
            return
        cursor.execute(_END_OWN, (name,))
        if cursor.execute(_TAKE).fetchone() == (1,):
            return
        holder = cursor.execute(_WHO).fetchone()
    who = "" if holder is None else f" ({holder[0]!s})"
    raise StoreBusy(
        f"another daemon serves this database{who}; one does at a time: stop that one, and this one"
        " goes on by itself"
    )
