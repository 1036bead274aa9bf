"""Connections to PostgreSQL, and what every one of them is set to.

An acknowledged mutation is a durable one, so a database where `synchronous_commit` is off has it on
here. A transaction that nobody goes on with is ended by the server, since others wait for its lock.

Values are bound and read as the rooms know them: an integer is a BIGINT whatever its size, so that
a text is planned once and not once for each size, and what is true or a sum is read as an integer.
"""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import TypeAlias

import psycopg
from psycopg import RawCursor
from psycopg.abc import AdaptContext, Buffer
from psycopg.adapt import Loader
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import Format
from psycopg.types.numeric import Int8BinaryDumper, NumericBinaryLoader

from penholder_daemon.core.store import Row, StoreFault
from penholder_daemon.shell.store.postgres import faults
from penholder_daemon.shell.store.postgres.connection import Connection
from penholder_daemon.shell.store.postgres.faults import words

SCHEMA = "penholder"
NOT_WHOLE = (
    f"the schema {SCHEMA!r} of this database is not whole, as after a restore that was cut short or"
    f" left out the data: restore the dump whole, after DROP SCHEMA {SCHEMA} CASCADE or into an"
    " empty database"
)
Connect: TypeAlias = Callable[[], Connection]

_IDLE_MS = 10_000
LOCK_MS = 5_000
"""How long a lock is waited for."""
_SETTINGS = {
    "search_path": SCHEMA,
    "standard_conforming_strings": "on",
    "bytea_output": "hex",
    # What a database or a role may be set to, and what nothing here reckons with.
    "default_transaction_isolation": r"read\ committed",
    "default_transaction_deferrable": "off",
    # Rows that a policy hides are refused, not left out: what is not seen would be made again.
    "row_security": "off",
    "statement_timeout": "0",
    "idle_session_timeout": "0",
    "idle_in_transaction_session_timeout": f"{_IDLE_MS}",
    "lock_timeout": f"{LOCK_MS}",
    # So that the server notices soon that a machine is gone, and lets go of what it held.
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
}
_NOTICES_SOON = {
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
_LIFE = (
    "SELECT CAST(stats_reset AS TEXT) || CASE WHEN pg_is_in_recovery() THEN ''"
    " ELSE ' ' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) END FROM pg_stat_bgwriter"
)
"""Statistics begin anew after a crash, not after a stop. A standby has a timeline of its own."""
_WHAT_HOLDS = (
    "SELECT current_setting('synchronous_commit'), current_setting('session_replication_role')"
)
_NO_TRIGGERS = (
    "session_replication_role is 'replica' for this database or role, so that neither triggers nor"
    " references are at work in it; reset it (ALTER DATABASE … RESET session_replication_role)"
)
_IN_RECOVERY = (
    "the server is a standby or is being recovered, and takes nothing in until that has ended:"
    " promote it, or name the primary too (host=a,b and target_session_attrs=read-write in the URL)"
)
_CONNECT_SECONDS = 5
_AGAIN_SECONDS = 1.0
_NAMELESS = "connection timeout expired"
_HIGHEST_PORT = 65535
_PREPARED_AFTER = 3
_MOST_PREPARED = 1000


class Misconfigured(StoreFault):
    """It cannot be reached for what the settings say, and that stays so."""


def connector(
    url: str, *, password_file: str | None = None, name: str = "penholder", **settings: str
) -> Connect:
    """Return what connects to a database, under a name and settings more; it raises StoreFault."""

    def connect() -> Connection:
        told = {**_SETTINGS, **settings}
        # Read each time: it may have been changed since.
        password = None if password_file is None else password_in(password_file)
        try:
            connection = Connection.connect(
                make_conninfo(url, **_NOTICES_SOON),
                autocommit=True,
                prepare_threshold=_PREPARED_AFTER,
                connect_timeout=_CONNECT_SECONDS,
                # Not among the options: what the URL or PGCLIENTENCODING says comes after those.
                client_encoding="UTF8",
                options=_options(url, told),
                application_name=name,
                password=password,
            )
        except psycopg.Error as error:
            if faults.is_of_the_settings(error):
                raise Misconfigured(f"store.url cannot be used: {words(error)}") from error
            raise StoreFault(_with_the_server(url, words(error))) from error
        _refuse_a_standby(connection)
        connection.prepared_max = _MOST_PREPARED
        _adapt(connection)
        return connection

    return connect


def _options(url: str, settings: Mapping[str, str]) -> str:
    """Return what a session is set to, behind what whoever runs the daemon has it set to."""
    given = conninfo_to_dict(url).get("options") or os.environ.get("PGOPTIONS") or ""
    ours = " ".join(f"-c {setting}={value}" for setting, value in settings.items())
    return f"{given} {ours}"


def database_of(url: str) -> str:
    """Name the database of a URL for people, with nothing that says how one gets in."""
    told = conninfo_to_dict(url)
    service, database, host = told.get("service"), told.get("dbname"), told.get("host")
    if service and not database:
        return f"PostgreSQL service {service}"
    port = f", port {told['port']}" if told.get("port") else ""
    return f"PostgreSQL database {database or 'of its user'} at {host or 'this machine'}{port}"


def check(url: str, password_file: str | None) -> None:
    """Refuse what no server need be asked for; raises Misconfigured."""
    try:
        ports = str(conninfo_to_dict(url).get("port", ""))
    except psycopg.Error as error:
        raise Misconfigured(f"store.url cannot be used: {words(error)}") from error
    for port in filter(None, ports.split(",")):
        if not port.isdecimal() or not 0 < int(port) <= _HIGHEST_PORT:
            raise Misconfigured(
                f"store.url cannot be used: {port!r} is no port; expected was 1 to {_HIGHEST_PORT}"
            )
    if password_file is not None:
        password_in(password_file)


def password_in(password_file: str) -> str:
    """Read a password that nobody else can; raises Misconfigured."""
    path = Path(password_file)
    try:
        with path.expanduser().open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if mode & 0o077:
                raise Misconfigured(
                    f"others may read the password in {path} (its mode is {mode & 0o777:04o});"
                    " make it 0600"
                )
            found = file.readline().decode().rstrip("\r\n")
    except (OSError, RuntimeError, UnicodeDecodeError) as error:
        # Never with what is in it, which a UnicodeDecodeError would show.
        why = error.strerror if isinstance(error, OSError) else "it holds no text"
        raise Misconfigured(f"the password in {path} cannot be read: {why}") from None
    if not found:
        raise Misconfigured(f"{path} holds no password; expected was one in its first line")
    return found


def _with_the_server(url: str, told: str) -> str:
    """Have an error name the server that it is about; one in libpq's own words does."""
    if not told.startswith(_NAMELESS):
        return told
    named = conninfo_to_dict(url)
    host = named.get("host") or named.get("hostaddr") or os.environ.get("PGHOST")
    if host is None:
        host = f"service {named['service']}" if "service" in named else "this machine's own socket"
    port = named.get("port") or os.environ.get("PGPORT") or "5432"
    return f"the server at {host}, port {port}: {told}"


def once_a_second(connect: Connect) -> Connect:
    """Have nobody wait again and again for what just could not be reached."""
    failed: tuple[float, StoreFault] | None = None

    def connect_at_times() -> Connection:
        nonlocal failed
        if failed is not None and monotonic() - failed[0] < _AGAIN_SECONDS:
            raise StoreFault(str(failed[1]))
        try:
            connection = connect()
        except StoreFault as fault:
            failed = monotonic(), fault
            raise
        failed = None
        return connection

    return connect_at_times


def cursor_of(connection: Connection) -> RawCursor[Row]:
    """Return a cursor whose texts hold PostgreSQL's own placeholders."""
    cursor: RawCursor[Row] = RawCursor(connection)
    cursor.format = Format.BINARY
    return cursor


def run_script(connection: Connection, script: str) -> list[list[Row]]:
    """Run several statements in one trip and return the rows of each, as texts."""
    # A cursor that asks for its rows in binary takes one statement only.
    with connection.execute(script.encode(), prepare=False) as cursor:
        found = [_texts(cursor)]
        while cursor.nextset():
            found.append(_texts(cursor))
    return found


def _texts(cursor: psycopg.Cursor[Row]) -> list[Row]:
    result = cursor.pgresult
    if result is None or cursor.description is None:
        return []
    rows = range(result.ntuples)
    return [tuple(_text(result.get_value(row, at)) for at in range(result.nfields)) for row in rows]


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode()


def make_sound(connection: Connection) -> None:
    """See to it that what is committed over it holds, whatever the database is set to.

    A commit waits for the disk, and triggers and references are at work. Raises StoreFault.
    """
    with cursor_of(connection) as cursor:
        found = cursor.execute(_WHAT_HOLDS).fetchone()
        assert found is not None  # it selects from no table
        synchronous_commit, role = found
        if synchronous_commit == "off":
            cursor.execute("SET synchronous_commit = 'on'")
        if role == "replica":
            # Who may set it for a database is a superuser; so may be who serves it.
            with suppress(psycopg.errors.InsufficientPrivilege):
                cursor.execute("SET session_replication_role = 'origin'")
                return
            raise StoreFault(_NO_TRIGGERS)


def _refuse_a_standby(connection: Connection) -> None:
    """Have nobody read, either, from a server that may lack what was acknowledged."""
    # The server says so to whoever connects; it need not be asked.
    if connection.pgconn.parameter_status(b"in_hot_standby") == b"on":
        connection.close()
        raise StoreFault(_IN_RECOVERY)


def notice_who_is_gone(connection: Connection) -> None:
    """Have the server end a statement that waits for a lock when nobody is there any more.

    Some of its platforms cannot; there it notices when the statement is done.
    """
    with suppress(psycopg.errors.InvalidParameterValue), cursor_of(connection) as cursor:
        cursor.execute("SET client_connection_check_interval = '1s'")


def life_of(connection: Connection) -> str | None:
    """Return what stays the same until the server crashes or another follows it.

    None where it does not say; raises StoreFault where the connection is lost.
    """
    try:
        with cursor_of(connection) as cursor:
            found = cursor.execute(_LIFE).fetchone()
    except psycopg.Error as error:
        if connection.closed:
            raise StoreFault(words(error)) from error
        return None
    return None if found is None or found[0] is None else str(found[0])


class _FlagLoader(Loader):
    """What is true or false, as SQLite has it: 1 or 0."""

    format = Format.BINARY

    def load(self, data: Buffer) -> int:
        return data[0]


class _SumLoader(Loader):
    """A sum of BIGINTs, which PostgreSQL makes a NUMERIC of."""

    format = Format.BINARY

    def __init__(self, oid: int, context: AdaptContext | None = None) -> None:
        super().__init__(oid, context)
        self._numeric = NumericBinaryLoader(oid, context)

    def load(self, data: Buffer) -> int | float:
        found = self._numeric.load(data)
        return int(found) if found == found.to_integral_value() else float(found)


def _adapt(connection: Connection) -> None:
    adapters = connection.adapters
    adapters.register_dumper(int, Int8BinaryDumper)
    adapters.register_dumper(bool, Int8BinaryDumper)
    adapters.register_loader("bool", _FlagLoader)
    adapters.register_loader("numeric", _SumLoader)
