"""Checks of a PostgreSQL that keeps the daemon's state: asked directly, with a daemon or without.

Each is one question, and all that is asked only reads. What makes a server unfit is a problem, and
what makes its promises weaker is a warning. A commit waits for a synchronous standby that is away,
and must not be canceled; nothing else tells why all stands still, so that is looked for.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from penholder.cli.doctor.finding import Finding, ok, problem, warning
from penholder.cli.doctor.situation import Situation, Unanswered
from penholder.cli.terminal.store import StoreAt

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[tuple[object, ...]]

_CHECK = "PostgreSQL"
_CONNECT_S = 5
_STATEMENT_MS = 5000
_OLDEST = 14_00_00
_CLOCK_TOLERANCE_S = 1.0
_LAG_S = 60.0
_PGPASS = "~/.pgpass, PGPASSFILE, a service, or password_file of [store]"
_COLLATION = "SELECT datcollate FROM pg_database WHERE datname = current_database()"
_SETTINGS = "SELECT name, setting FROM pg_settings"
_DURABLE = {
    "fsync": "a crash of its machine can damage the database: turn it on",
    "full_page_writes": "a power loss can damage the database: turn it on",
}
_DIRECT = "connect to the server itself: the daemon keeps its connections, and gains nothing"
_NAMELESS = "connection timeout expired"
_OF_A_POOLER = "unsupported startup parameter"
_ASKED_FOR = "default_transaction_read_only"
_PID = "SELECT pg_backend_pid()"
_IS_STANDBY = "SELECT pg_is_in_recovery()"
_OWNER = (
    "SELECT current_user, pg_get_userbyid(nspowner), has_schema_privilege(oid, 'USAGE')"
    " FROM pg_namespace WHERE nspname = 'penholder'"
)
_RIGHTS = "SELECT, INSERT, UPDATE, DELETE"
# Of several that are named at once any would do.
_NOT_TO_BE_USED = (
    "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = 'penholder' AND c.relkind = 'r' AND NOT ("
    + " AND ".join(f"has_table_privilege(c.oid, '{each}')" for each in _RIGHTS.split(", "))
    + ") LIMIT 1"
)
_TIMEOUTS = ("statement_timeout", "transaction_timeout", "idle_session_timeout")
"""Those of the server that end what the daemon is about; its own it sets itself."""


def postgresql(at: Situation) -> Iterator[Finding]:
    """Look at the server that the configuration names, if it names one."""
    where = at.store
    if where is None:
        return
    if find_spec("psycopg") is None:
        yield problem(_CHECK, "its driver is not installed", "pip install 'penholder[postgres]'")
        return
    import psycopg  # noqa: PLC0415 - it comes with an extra

    try:
        with _connect(where) as connection:
            known = at.about.schema_version if at.about else None
            yield from _findings(connection, partial(_connect, where), known)
        # What the role has by itself, where nothing is asked for.
        with _connect(where, "") as as_the_daemon:
            yield from _writing(as_the_daemon)
    except psycopg.Error as error:
        yield _unreachable(error, where)


def _unreachable(error: "psycopg.Error", where: StoreAt) -> Finding:
    from psycopg import ProgrammingError  # noqa: PLC0415 - as above

    told = " ".join(str(error).split())
    if isinstance(error, ProgrammingError) and error.sqlstate is None:
        return problem(_CHECK, told, "correct the URL of the store: no server was asked")
    if told.startswith(_NAMELESS):
        told = f"{_server(where.url)}: {told}"
    reach = f"see that it runs and lets the role in; its password is in {_PGPASS}"
    return problem(_CHECK, told, _DIRECT if _OF_A_POOLER in told else reach)


def _server(url: str) -> str:
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415 - as above

    named = conninfo_to_dict(url)
    host = named.get("host") or named.get("hostaddr") or named.get("service") or "this machine"
    return f"the server at {host}, port {named.get('port') or 5432}"


def _connect(where: StoreAt, options: str = f"-c {_ASKED_FOR}=on") -> "Connection":
    import psycopg  # noqa: PLC0415 - as above

    return psycopg.connect(
        where.url,
        autocommit=True,
        connect_timeout=_CONNECT_S,
        application_name="penholder-doctor",
        password=_password(where.password_file),
        options=options,
    )


def _password(file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        return file.expanduser().read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise Unanswered(f"the password in {file} cannot be read: {error}") from None


def _findings(
    connection: "Connection", another: Callable[[], "Connection"], known: int | None
) -> Iterator[Finding]:
    found = {str(name): str(value) for name, value in connection.execute(_SETTINGS)}
    # Only now: what the role has by itself is what the daemon gets.
    connection.execute(f"SET statement_timeout = {_STATEMENT_MS}".encode())
    yield _version(connection)
    yield from _text(connection, found)
    yield from _durability(found)
    yield from _timeouts(found)
    yield from _triggers(found)
    yield from _pooler(connection, another, keeps_options=found[_ASKED_FOR] == "on")
    yield from _clock(connection)
    yield from _standby(connection, found)
    yield from _schema(connection, known)


def _version(connection: "Connection") -> Finding:
    info = connection.info
    number = f"{info.server_version // 10000}.{info.server_version % 10000}"
    detail = f"{info.dbname} at {info.host or 'this machine'}, server {number}"
    if info.server_version < _OLDEST:
        return problem(_CHECK, detail, f"upgrade it to {_OLDEST // 10000} or newer")
    return ok(_CHECK, detail)


def _text(connection: "Connection", found: Mapping[str, str]) -> Iterator[Finding]:
    """Look whether it holds every text, and in which order it has them by itself."""
    encoding = found["server_encoding"]
    # Not among the settings any more from 16 on.
    collation = _one(connection, _COLLATION)
    if encoding != "UTF8":
        yield problem(
            "PostgreSQL text",
            f"its encoding is {encoding}, which cannot hold every text",
            "make the database anew: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0",
        )
    else:
        yield ok("PostgreSQL text", f"UTF8; its own order is {collation}, the tables' is C")


def _durability(found: Mapping[str, str]) -> Iterator[Finding]:
    """Look whether what was acknowledged outlives a crash of the server."""
    off = [name for name in _DURABLE if found[name] == "off"]
    for name in off:
        yield problem("PostgreSQL durability", f"{name} is off", _DURABLE[name])
    commits = found["synchronous_commit"]
    if commits == "off":
        yield warning(
            "PostgreSQL durability",
            "synchronous_commit is off; the daemon turns it on for itself",
            "turn it on, so that nothing else loses what it was told is there",
        )
    elif not off:
        yield ok("PostgreSQL durability", f"fsync is on, synchronous_commit is {commits}")


def _timeouts(found: Mapping[str, str]) -> Iterator[Finding]:
    """Look whether the server ends what the daemon keeps open."""
    set_ = [name for name in _TIMEOUTS if found.get(name, "0") != "0"]
    if set_:
        yield warning(
            "PostgreSQL time-outs",
            ", ".join(f"{name} is {found[name]} ms" for name in set_),
            "set them to 0 for the daemon's role: ALTER ROLE … SET",
        )
    else:
        yield ok("PostgreSQL time-outs", "none that ends what the daemon keeps open")


def _triggers(found: Mapping[str, str]) -> Iterator[Finding]:
    """Look whether triggers and references are at work, by which daemons notice each other."""
    role = found["session_replication_role"]
    if role == "replica":
        yield problem(
            "PostgreSQL triggers",
            "session_replication_role is replica: neither triggers nor references are at work",
            "ALTER DATABASE … RESET session_replication_role, or ALTER ROLE … RESET",
        )
    else:
        yield ok("PostgreSQL triggers", "at work")


def _pooler(
    connection: "Connection", another: Callable[[], "Connection"], *, keeps_options: bool
) -> Iterator[Finding]:
    """Look whether one session answers one connection, all along and it alone.

    A pooler names a session of its own when one connects. One that does not keep sessions hands
    that of a connection that is silent to the next that asks. It may keep them, and yet drop what
    a connection asks to have set for itself, which the daemon relies on as well.
    """
    check = "PostgreSQL pooler"
    told = connection.info.backend_pid
    seen = [_one(connection, _PID) for _ in range(3)]
    with another() as second:
        is_shared = len({*seen}) > 1 or _one(second, _PID) == seen[-1]
    if is_shared:
        yield problem(
            check,
            "one is in between that gives a session to several connections in turn, and the"
            " daemon's lock and LISTEN are of a session",
            _DIRECT,
        )
    elif not keeps_options:
        yield problem(
            check, "one is in between that drops what a connection asks to have set", _DIRECT
        )
    elif seen[-1] != told:
        yield warning(
            check,
            "one is in between; it keeps sessions, as far as two connections can see",
            _DIRECT,
        )
    else:
        yield ok(check, "none in between: one session answers all along")


def _clock(connection: "Connection") -> Iterator[Finding]:
    """Compare the server's clock with this machine's, but for what the way takes."""
    before = time.time()
    there = float(str(_one(connection, "SELECT extract(epoch FROM clock_timestamp())")))
    after = time.time()
    apart = max(before - there, there - after, 0.0)
    detail = f"{apart:.1f} s apart from this machine's"
    if apart > _CLOCK_TOLERANCE_S:
        yield warning("PostgreSQL clock", detail, "let both machines' clocks follow NTP")
    else:
        yield ok("PostgreSQL clock", detail)


def _standby(connection: "Connection", found: Mapping[str, str]) -> Iterator[Finding]:
    """Look whether it takes writes, and whether commits wait for a standby that is away."""
    check = "PostgreSQL replication"
    if _one(connection, _IS_STANDBY):
        yield problem(
            check, "it is a standby, which only reads", "name the primary in the URL, or promote it"
        )
        return
    waiting = _one(connection, "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
    named = found["synchronous_standby_names"]
    rows = connection.execute(
        "SELECT application_name, sync_state, COALESCE(EXTRACT(epoch FROM replay_lag), 0)"
        " FROM pg_stat_replication"
    ).fetchall()
    if waiting or (named and not any(str(row[1]) in ("sync", "quorum") for row in rows)):
        yield problem(
            check,
            f"commits wait for a standby that is away ({waiting} now)",
            "bring the standby back, or take it out of synchronous_standby_names; cancel no commit",
        )
    elif late := [str(row[0]) for row in rows if float(str(row[2])) > _LAG_S]:
        yield warning(check, f"{', '.join(late)} lag behind", "see their disks and network")
    else:
        yield ok(check, f"it is a primary with {len(rows)} standbys")


def _writing(connection: "Connection") -> Iterator[Finding]:
    """Look whether what the daemon begins may write, unless the server is a standby."""
    if _one(connection, f"SHOW {_ASKED_FOR}") != "on" or _one(connection, _IS_STANDBY):
        return
    yield problem(
        "PostgreSQL writing",
        f"{_ASKED_FOR} is on, so the daemon can only read",
        f"turn it off where it is set: the server, ALTER DATABASE … RESET {_ASKED_FOR}, or ALTER"
        " ROLE … RESET",
    )


def _schema(connection: "Connection", known: int | None) -> Iterator[Finding]:
    """Look which schema it has, whether it is whole, and whether the role may use it."""
    check = "PostgreSQL schema"
    owned = connection.execute(_OWNER).fetchone()
    if owned is None:
        may = _one(connection, "SELECT has_database_privilege(current_database(), 'CREATE')")
        if may:
            yield ok(check, "none yet: the daemon's first start makes it")
        else:
            yield problem(
                check,
                "none yet, and the role may not make it",
                "GRANT CREATE ON DATABASE … TO the role",
            )
        return
    role, owner, may_use = owned
    lacks = "USAGE of it" if not may_use else _table_not_to_be_used(connection)
    if lacks is not None:
        yield problem(
            check,
            f"it is of the role {owner}, and the role {role} lacks {lacks}",
            f"restore it with pg_restore --no-owner --role={role}, or, as {owner}, GRANT USAGE ON"
            f" SCHEMA penholder TO {role} and GRANT {_RIGHTS} ON ALL TABLES IN SCHEMA penholder"
            f" TO {role}",
        )
        return
    version = _version_of_schema(connection)
    if version is None:
        yield problem(
            check,
            "it is not whole, as after a restore that was cut short or left out the data",
            "restore the dump whole, after DROP SCHEMA penholder CASCADE or into an empty database",
        )
        return
    detail = f"the database has schema {version}"
    if known is not None and version > known:
        yield problem(check, f"{detail}, the program knows up to {known}", "upgrade the program")
    else:
        yield ok(check, detail)


def _table_not_to_be_used(connection: "Connection") -> str | None:
    name = _one(connection, _NOT_TO_BE_USED)
    return None if name is None else f"{_RIGHTS} of the table {name}"


def _version_of_schema(connection: "Connection") -> int | None:
    if _one(connection, "SELECT to_regclass('penholder.schema_version')") is None:
        return None
    found = _one(connection, "SELECT version FROM penholder.schema_version")
    return None if found is None else int(str(found))


def _one(connection: "Connection", sql: str) -> object:
    row = connection.execute(sql.encode()).fetchone()
    return None if row is None else row[0]
