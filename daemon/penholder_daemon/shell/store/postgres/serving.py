"""Who is connected to a database: daemons, any number of them, or one program by itself.

Daemons serve a database together, each over a connection that holds a lock which they share. A
program that moves the state must have it to itself, so it asks for the same lock alone, and neither
begins while the other has it. The lock is of the session: whoever is gone has let go of it, however
it went.

A connection may be lost on this side only. Then the server keeps its session, and what it was
amid, until it notices (some ten seconds, by keepalives). So a daemon that meets an old session of
its own ends it: nobody else is of the same host, for the state directory has a lock of its own. One
that waits for a standby is left alone: it would be told to be committed though the standby has
nothing of it.
"""

from penholder_daemon.core.store import StoreBusy
from penholder_daemon.shell.store.postgres import connecting
from penholder_daemon.shell.store.postgres.connecting import Connect, Connection

SERVES = 0x50454E32
"""The key of the lock."""
_TOGETHER = f"SELECT pg_try_advisory_lock_shared({SERVES})"
_ALONE = f"SELECT pg_try_advisory_lock({SERVES})"
_END_OWN = (
    "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND application_name = $1 AND wait_event IS DISTINCT FROM 'SyncRep'"
)
_WHO = (
    "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
    " WHERE l.locktype = 'advisory' AND l.classid = 0 AND l.granted"
    f" AND l.objid = {SERVES} AND l.objsubid = 1"
    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
WHO_SERVES = f"{_WHO} AND l.mode = 'ShareLock'"
"""The names of all who serve it together."""
_NAME = "penholder "


def name_of(host_id: str) -> str:
    """Return by which name a host's daemon is connected."""
    return f"{_NAME}{host_id}"


def host_in(name: str) -> str:
    """Return the id of the host whose daemon is connected by a name."""
    return name.removeprefix(_NAME)


def together(connect: Connect, name: str) -> Connect:
    """Have each connection share the lock, or be none; `name` is this daemon's alone."""

    def connect_to_serve() -> Connection:
        connection = connect()
        try:
            with connecting.cursor_of(connection) as cursor:
                cursor.execute(_END_OWN, (name,))
            _take(connection, _TOGETHER, "it is being moved; wait until that is done")
        except BaseException:
            connection.close()
            raise
        return connection

    return connect_to_serve


def alone(connect: Connect) -> Connect:
    """Have each connection hold the lock by itself, or be none."""

    def connect_alone() -> Connection:
        connection = connect()
        try:
            _take(connection, _ALONE, "stop every daemon that serves it")
        except BaseException:
            connection.close()
            raise
        return connection

    return connect_alone


def _take(connection: Connection, lock: str, how_to_go_on: str) -> None:
    with connecting.cursor_of(connection) as cursor:
        if cursor.execute(lock).fetchone() == (1,):
            return
        holder = cursor.execute(_WHO).fetchone()
    who = "another program" if holder is None else str(holder[0])
    raise StoreBusy(f"{who} has this database: {how_to_go_on}")
