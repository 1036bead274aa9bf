"""Filling an empty database with rows that another store had: much at once, numbers and all."""

from collections.abc import Iterable, Sequence

import psycopg

from penholder_daemon.core.store import Row, StoreFault
from penholder_daemon.shell.store.postgres import connecting, faults, serving
from penholder_daemon.shell.store.postgres.connecting import SCHEMA
from penholder_daemon.shell.store.postgres.store import PostgresStore

_PATIENCE_MS = 600_000
"""How long the server waits for what comes next: the other store may be on a slow disk."""
_STORED = (
    "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
    " WHERE c.relnamespace = CAST($1 AS regnamespace) AND c.relkind = 'r' AND a.attnum > 0"
    " AND NOT a.attisdropped AND a.attgenerated = ''"
)
_OTHERS = (
    "SELECT application_name, host(client_addr)"
    " FROM pg_stat_activity WHERE datname = current_database()"
    " AND application_name LIKE 'penholder%'"
    " AND pid <> pg_backend_pid() ORDER BY pid LIMIT 1"
)
OF_ITS_OWN = frozenset({"schema_version", "numbers", "blob_bytes", "changes"})
"""What SQLite keeps in its file's header, in tables of its own and in files."""
_NUMBERED_BY_ROWS = {"streams": "stream_id", "idempotency": "number"}
"""Tables that go on above their highest row in SQLite, and have a counter here."""


def be_patient(store: PostgresStore) -> None:
    """Have the server wait long for this transaction."""
    store.run(f"SET LOCAL idle_in_transaction_session_timeout = {_PATIENCE_MS}")


def stored_columns(store: PostgresStore) -> dict[str, set[str]]:
    """Return the columns of each table, without those that follow from others."""
    found: dict[str, set[str]] = {}
    with connecting.cursor_of(store.connection) as cursor:
        for table, column in cursor.execute(_STORED, (SCHEMA,)).fetchall():
            found.setdefault(str(table), set()).add(str(column))
    return {table: columns for table, columns in found.items() if table not in OF_ITS_OWN}


def another(store: PostgresStore) -> str | None:
    """Say who else of ours is connected with this database, and from where, if anybody is."""
    row = store.row(_OTHERS)
    if row is None:
        return None
    name, address = row
    where = "over a socket of the server's machine" if address is None else f"from {address!s}"
    return f"{serving.called(store.connection, str(name))}, {where}"


def named(store: PostgresStore) -> str:
    """Name the database for people, without anything that is secret."""
    info = store.connection.info
    return f"PostgreSQL database {info.dbname} at {info.host or 'this machine'}"


def copy_in(store: PostgresStore, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Add rows in one statement, so that they may refer to each other in any order."""
    sql = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
    try:
        with store.connection.cursor() as cursor, cursor.copy(sql.encode()) as copy:
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as error:
        if faults.is_fault(error):
            raise StoreFault(faults.words(error)) from error
        raise


def count_on(store: PostgresStore) -> None:
    """Have those numbers go on above the highest row that SQLite goes on above by itself."""
    for table, column in _NUMBERED_BY_ROWS.items():
        row = store.row(f"SELECT COALESCE(MAX({column}), 0) FROM {table}")
        assert row is not None  # a maximum is one row
        store.set_number(table, int(str(row[0])))
