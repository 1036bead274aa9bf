"""The pen: the lock of all who write, and how a transaction that has it begins."""

from psycopg.sql import SQL, Literal

from penholder_daemon.shell.store.postgres.connecting import LOCK_MS

PEN = 0x50454E31
"""The key of the lock that every writer takes."""
CHANNEL = "penholder"
"""Where each commit is told of, for other daemons: a hint, never relied on."""
BEGIN_TO_WRITE = (
    f"BEGIN; SELECT pg_advisory_xact_lock({PEN}), pg_current_xact_id();"
    " SELECT pg_snapshot_xmin(pg_current_snapshot())"
)
"""The lock, the number of this transaction, and of those under way then the lowest."""
_TAKE_PEN = SQL(f"BEGIN; SELECT * FROM take_pen({PEN}, {{}}, TRUE)")
FREE_PEN = (
    "SELECT pg_terminate_backend(a.pid) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
    " WHERE l.locktype = 'advisory' AND l.classid = 0 AND l.objsubid = 1 AND l.granted"
    f" AND l.objid = {PEN}"
    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND a.wait_event IS DISTINCT FROM 'SyncRep'"
    f" AND a.xact_start < clock_timestamp() - CAST('{LOCK_MS} ms' AS INTERVAL)"
)
"""Nothing else ends one that stands still amid what it is sent. One that waits for a standby must
not be ended: it would be told to be committed though the standby has nothing of it."""


def take_pen(host_id: str) -> str:
    """Begin as a daemon: the same, with the time, and what its host is."""
    return _TAKE_PEN.format(Literal(host_id)).as_string(None)
