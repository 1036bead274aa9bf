"""Opening the database: what is refused, made and upgraded.

All of it is done under a lock, by whoever comes first; who comes second finds it done. Nothing but
the schema `penholder` is looked at or written, so a database may hold others' tables beside it.
"""

from contextlib import ExitStack
from typing import TypeVar

import psycopg

from penholder_daemon.core.store import StoreBusy, StoreFault, integer
from penholder_daemon.migrations import postgresql_schema, postgresql_steps
from penholder_daemon.shell.store.opening import UnusableDatabase, UnwritableDatabase
from penholder_daemon.shell.store.postgres import connecting, faults, serving
from penholder_daemon.shell.store.postgres.beside import BesideStore, PostgresReader
from penholder_daemon.shell.store.postgres.connecting import NOT_WHOLE, SCHEMA, Connect
from penholder_daemon.shell.store.postgres.connection import Connection
from penholder_daemon.shell.store.postgres.pen import PEN
from penholder_daemon.shell.store.postgres.serving_store import ServingStore
from penholder_daemon.shell.store.postgres.store import PostgresStore
from penholder_daemon.shell.store.postgres.touched import Catalogue
from penholder_protocol import __version__

StoreT = TypeVar("StoreT", bound=PostgresStore)
_NOTHING = Catalogue({}, {})
_OLDEST_SERVER = 14_00_00
_COLUMNS = (
    "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
    " WHERE c.relnamespace = CAST($1 AS regnamespace) AND c.relkind = 'r' AND a.attnum > 0"
    " AND NOT a.attisdropped"
)
_FOLLOWERS = (
    "SELECT p.relname, c.relname FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid"
    " JOIN pg_class p ON p.oid = k.confrelid WHERE k.contype = 'f' AND k.confdeltype = 'c'"
    " AND k.connamespace = CAST($1 AS regnamespace)"
)
_OWNER = "SELECT current_user, pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = $1"
_OTHERS_TABLES = (
    "SELECT current_user, pg_get_userbyid(relowner) FROM pg_class"
    " WHERE relnamespace = CAST($1 AS regnamespace) AND relkind = 'r'"
    " AND NOT pg_has_role(relowner, 'USAGE') LIMIT 1"
)
_MAY_MAKE = (
    "SELECT current_user, current_database(), has_database_privilege(current_database(), 'CREATE')"
)
_RIGHTS = "SELECT, INSERT, UPDATE, DELETE"
# Of several that are named at once any would do.
_NOT_TO_BE_USED = (
    "SELECT relname FROM pg_class WHERE relnamespace = CAST($1 AS regnamespace) AND relkind = 'r'"
    " AND NOT ("
    + " AND ".join(f"has_table_privilege(oid, '{each}')" for each in _RIGHTS.split(", "))
    + ") LIMIT 1"
)


def open_writer(url: str) -> PostgresStore:
    """Open the database for writing, made and upgraded if need be.

    Raises UnusableDatabase for one that cannot be used, UnwritableDatabase for what may pass.
    """
    return _open(connecting.connector(url), PostgresStore)


def open_serving(connect: Connect) -> ServingStore:
    """Do the same for a daemon, over connections that are made so."""
    return _open(connect, ServingStore)


def _open(connect: Connect, kind: type[StoreT]) -> StoreT:

    def connect_to_write() -> Connection:
        connection = connect()
        try:
            connecting.make_sound(connection)
            connecting.notice_who_is_gone(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    try:
        store = kind(connect_to_write, _NOTHING)
        with ExitStack() as opened:
            opened.callback(store.close)
            prepare(store.connection)
            store.catalogue = catalogue_of(store.connection)
            opened.pop_all()
        return store
    except psycopg.Error as error:
        refusal = UnwritableDatabase if faults.may_pass(error) else UnusableDatabase
        raise refusal(f"PostgreSQL cannot be used: {faults.words(error)}") from error
    except StoreBusy as busy:
        raise UnwritableDatabase(str(busy)) from busy
    except connecting.Misconfigured as fault:
        raise UnusableDatabase(str(fault)) from fault
    except StoreFault as fault:
        raise UnwritableDatabase(f"PostgreSQL cannot be reached: {fault}") from fault


def open_reader(url: str) -> PostgresReader:
    """Open the database for reading only; raises StoreFault."""
    return open_reader_over(connecting.connector(url))


def open_reader_over(connect: Connect) -> PostgresReader:
    """Do the same over connections that are made so."""
    # Whoever reads is never asked what a statement would touch.
    return PostgresReader(connect, _NOTHING)


def open_beside(connect: Connect) -> PostgresStore:
    """Open a database that is prepared, for tables that no room writes; raises StoreFault."""
    return BesideStore(connect, _NOTHING)


def prepare(connection: Connection) -> None:
    """Refuse what cannot be used, and bring the schema to the newest step, all or nothing."""
    if connection.info.server_version < _OLDEST_SERVER:
        raise UnusableDatabase(
            f"PostgreSQL {connection.info.server_version // 10000} is too old;"
            f" {_OLDEST_SERVER // 10000} or newer is needed"
        )
    with connecting.cursor_of(connection) as cursor:
        if cursor.execute("SHOW server_encoding").fetchone() != ("UTF8",):
            raise UnusableDatabase(
                "the database's encoding is not UTF8, so it cannot hold every text; make one with"
                " CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
            )
        # An upgrade may have to look at all that is stored.
        with connection.waiting_for_ever(), connection.transaction():
            cursor.execute(f"SELECT pg_advisory_xact_lock({PEN})")
            _upgrade(connection)


def _upgrade(connection: Connection) -> None:
    known = postgresql_schema()
    with connecting.cursor_of(connection) as cursor:
        found = version_in(connection)
        if found is None:
            _make_schema(connection)
            found = 0
        if found > known:
            raise UnusableDatabase(
                f"the database has schema {found}, this program (penholder {__version__}) knows up"
                f" to {known}: upgrade the program"
            )
        if 0 < found < known:
            _refuse_below_others(connection)
            _require_owner(connection)
        for number, _, sql in postgresql_steps():
            if number > found:
                connecting.run_script(connection, sql)
        if found < known:
            cursor.execute(
                "INSERT INTO schema_version (number, version) VALUES (1, $1)"
                " ON CONFLICT (number) DO UPDATE SET version = excluded.version",
                (known,),
            )


def _refuse_below_others(connection: Connection) -> None:
    older = serving.of_older_programs(connection)
    if older:
        raise StoreBusy(
            f"the schema cannot be brought to {postgresql_schema()} below {' and '.join(older)}, of"
            " an older program: stop every such daemon, and start it by the newer program"
            f" (penholder {__version__})"
        )


def _require_owner(connection: Connection) -> None:
    """Refuse to change another role's tables before the server does, and say whose they are."""
    with connecting.cursor_of(connection) as cursor:
        others = cursor.execute(_OTHERS_TABLES, (SCHEMA,)).fetchone()
        if others is not None:
            role, owner = others
            raise UnusableDatabase(
                f"the schema cannot be brought to {postgresql_schema()} by the role {role!s}: its"
                f" tables are of the role {owner!s}. Start a daemon once whose URL names {owner!s},"
                f" or REASSIGN OWNED BY {owner!s} TO {role!s} in this database"
            )


def version_in(connection: Connection) -> int | None:
    """Return the schema's number, 0 for one that is empty, None where there is none.

    Raises UnusableDatabase where it is another program's, is not whole, or may not be used.
    """
    with connecting.cursor_of(connection) as cursor:
        cursor.execute(_OWNER, (SCHEMA,))
        owned = cursor.fetchone()
        if owned is None:
            return None
        _require_rights(connection, *map(str, owned))
        tables = catalogue_of(connection).columns
        if not tables:
            return 0
        missing = {"schema_version", "streams"} - tables.keys()
        if len(missing) > 1:
            raise UnusableDatabase(
                f"the schema {SCHEMA!r} of this database is of another program; it was left alone"
            )
        row = None if missing else cursor.execute("SELECT version FROM schema_version").fetchone()
        if row is None:
            raise UnusableDatabase(NOT_WHOLE)
        return integer(row[0])


def _make_schema(connection: Connection) -> None:
    with connecting.cursor_of(connection) as cursor:
        role, database, may = cursor.execute(_MAY_MAKE).fetchone() or ("", "", 0)
        if not may:
            raise UnusableDatabase(
                f"the role {role!s} may not make the schema {SCHEMA!r}: GRANT CREATE ON DATABASE"
                f" {database!s} TO {role!s}"
            )
        cursor.execute(f"CREATE SCHEMA {SCHEMA}")


def _require_rights(connection: Connection, role: str, owner: str) -> None:
    """Refuse a schema that is another role's: to who may not use it its tables are not there."""
    lacks = _lacking(connection)
    if lacks is not None:
        raise UnusableDatabase(
            f"the role {role} lacks {lacks}, and the schema is of the role {owner}, as after a"
            f" pg_restore without --role: restore it with --no-owner --role={role}, or, as {owner},"
            f" GRANT USAGE ON SCHEMA {SCHEMA} TO {role} and GRANT {_RIGHTS} ON ALL TABLES IN"
            f" SCHEMA {SCHEMA} TO {role}"
        )


def _lacking(connection: Connection) -> str | None:
    with connecting.cursor_of(connection) as cursor:
        may = cursor.execute("SELECT has_schema_privilege($1, 'USAGE')", (SCHEMA,)).fetchone()
        if may != (1,):
            return f"USAGE of the schema {SCHEMA!r}"
        table = cursor.execute(_NOT_TO_BE_USED, (SCHEMA,)).fetchone()
        return None if table is None else f"{_RIGHTS} of the table {SCHEMA}.{table[0]!s}"


def catalogue_of(connection: Connection) -> Catalogue:
    """Look up which tables and columns there are."""
    with connecting.cursor_of(connection) as cursor:
        columns: dict[str, set[str]] = {}
        for table, column in cursor.execute(_COLUMNS, (SCHEMA,)).fetchall():
            columns.setdefault(str(table), set()).add(str(column))
        followers: dict[str, set[str]] = {}
        for table, follower in cursor.execute(_FOLLOWERS, (SCHEMA,)).fetchall():
            followers.setdefault(str(table), set()).add(str(follower))
    return Catalogue(
        {table: frozenset(names) for table, names in columns.items()},
        {table: frozenset(names) for table, names in followers.items()},
    )
