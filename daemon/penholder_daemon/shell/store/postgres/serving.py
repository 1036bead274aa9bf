"""Who is connected to a database: daemons, any number of them, or one program by itself.

Daemons serve a database together, each over a connection that holds a lock which they share. A
program that moves the state must have it to itself, so it asks for the same lock alone, and neither
begins while the other has it. The lock is of the session: whoever is gone has let go of it, however
it went.

A connection may be lost on this side only. Then the server keeps its session, and what it was
amid, until it notices (some ten seconds, by keepalives). So a daemon that meets an old session of
its own run ends it. One that waits for a standby is left alone: it would be told to be committed
though the standby has nothing of it.

A session of another run of the same host is of a daemon that is gone, and ends soon; or the state
directory was copied, as with a whole machine, and its daemon is at work there under the same id.
Then both would take the other's workers for their own. A directory's own lock does not reach as
far, so it is here that the second one is refused.

The schema is brought to the newest step by whoever comes first. A daemon that is at work on the one
before would meet what it does not know, so nothing is changed under it: which schema a daemon knows
is part of the name by which it is connected.
"""

from secrets import token_hex
from time import monotonic, sleep

from penholder_daemon.core.store import StoreBusy, StoreFault
from penholder_daemon.migrations import postgresql_schema
from penholder_daemon.shell.store.postgres import connecting
from penholder_daemon.shell.store.postgres.connecting import SCHEMA, Connect
from penholder_daemon.shell.store.postgres.connection import Connection

SERVES = 0x50454E32
"""The key of the lock."""
_TOGETHER = f"SELECT pg_try_advisory_lock_shared({SERVES})"
_ALONE = f"SELECT pg_try_advisory_lock({SERVES})"
_END_OWN = (
    "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND application_name = $1 AND wait_event IS DISTINCT FROM 'SyncRep'"
    # Where a role is set, as by `options`, it may not end what the one that connects has begun; nor
    # is it seen then what that waits for. The server notices by itself.
    " AND pg_has_role(usesysid, 'USAGE')"
)
_OTHER_RUN = (
    "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
    " WHERE l.locktype = 'advisory' AND l.classid = 0 AND l.granted"
    f" AND l.objid = {SERVES} AND l.objsubid = 1 AND a.datname = current_database()"
    " AND starts_with(a.application_name, $1 || ' ') AND a.application_name <> $2"
    " AND a.wait_event IS DISTINCT FROM 'SyncRep'"
)
_GONE_SECONDS = 15.0
"""After that the server has noticed that the machine of a daemon is gone."""
_AGAIN_SECONDS = 0.1
_WHO = (
    "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
    " WHERE l.locktype = 'advisory' AND l.classid = 0 AND l.granted"
    f" AND l.objid = {SERVES} AND l.objsubid = 1"
    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
WHO_SERVES = f"{_WHO} AND l.mode = 'ShareLock'"
"""The names of all who serve it together."""
_NAME = "penholder "
_HOST = "host_"
_HAS_HOSTS = f"SELECT to_regclass('{SCHEMA}.hosts') IS NOT NULL"
_HOST_NAME = f"SELECT host_name FROM {SCHEMA}.hosts WHERE host_id = $1"


def name_of(host_id: str) -> str:
    """Return by which name a host's daemons are connected."""
    return f"{_NAME}{host_id}"


def name_of_run(host_id: str) -> str:
    """Return by which name one of them is, which no other ever has; its schema is part of it."""
    return f"{name_of(host_id)} {postgresql_schema()}-{token_hex(4)}"


def _schema_in(name: str) -> int:
    """Return which schema a daemon of that name knows, 0 for one of before it was told."""
    told, is_told, _ = name.removeprefix(_NAME).partition(" ")[2].partition("-")
    return int(told) if is_told and told.isdecimal() else 0


def of_older_programs(connection: Connection) -> list[str]:
    """Say for people which daemons serve a database and do not know the schema of this program."""
    known = postgresql_schema()
    with connecting.cursor_of(connection) as cursor:
        names = [str(name) for [name] in cursor.execute(WHO_SERVES).fetchall()]
    return sorted({called(connection, name) for name in names if _schema_in(name) < known})


def host_in(name: str) -> str:
    """Return the id of the host whose daemon is connected by a name."""
    return name.removeprefix(_NAME).partition(" ")[0]


def called(connection: Connection, name: str) -> str:
    """Say for people who is connected by a name: a daemon by its host, any other as it is."""
    host_id = host_in(name)
    if not name.startswith(f"{_NAME}{_HOST}"):
        return name
    with connecting.cursor_of(connection) as cursor:
        # Where nobody has put a store there are no hosts yet.
        is_there = cursor.execute(_HAS_HOSTS).fetchone() == (True,)
        row = cursor.execute(_HOST_NAME, (host_id,)).fetchone() if is_there else None
    label = f"host {host_id}" if row is None else f"host {row[0]!s} ({host_id})"
    return f"the daemon of {label}"


def together(connect: Connect, name: str) -> Connect:
    """Have each connection share the lock, or be none; `name` is of this run alone."""

    def connect_to_serve() -> Connection:
        connection = connect()
        try:
            with connecting.cursor_of(connection) as cursor:
                cursor.execute(_END_OWN, (name,))
            _take(connection, _TOGETHER, "it is being moved; wait until that is done")
            _be_the_only_one(connection, name)
        except BaseException:
            connection.close()
            raise
        return connection

    return connect_to_serve


def _be_the_only_one(connection: Connection, name: str) -> None:
    """Wait until no other daemon of this host is connected; raises StoreFault."""
    host_id = host_in(name)
    until = monotonic() + _GONE_SECONDS
    with connecting.cursor_of(connection) as cursor:
        while cursor.execute(_OTHER_RUN, (name_of(host_id), name)).fetchone() is not None:
            if monotonic() > until:
                raise StoreFault(
                    f"another daemon serves this database as {host_id}, the host of this state"
                    " directory: was the directory copied, or the machine? Stop one of the two, or"
                    " make the copy a host of its own: remove `host_id` from its state directory"
                )
            sleep(_AGAIN_SECONDS)


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
    who = "another program" if holder is None else called(connection, str(holder[0]))
    raise StoreBusy(f"{who} has this database: {how_to_go_on}")
