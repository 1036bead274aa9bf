"""The two stores of a move: one that is only read, and one that is filled in one transaction.

Nobody may use either meanwhile. For the SQLite of a state directory its lock sees to that; a
daemon of PostgreSQL may run anywhere, so the server is asked who else is connected, and the lock
that every writer takes there is held to the end: who comes later waits.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from time import monotonic, sleep
from typing import NamedTuple, NoReturn

import apsw
import psycopg

from penholder_daemon import migrations
from penholder_daemon.core.store import Row, Store, StoreFault
from penholder_daemon.refusals import Refused
from penholder_daemon.shell.disk import blob_copies, read_only
from penholder_daemon.shell.disk.blob_files import BlobFiles
from penholder_daemon.shell.disk.lock import AlreadyRunning
from penholder_daemon.shell.disk.read_only import Unreadable
from penholder_daemon.shell.store.database import ApswStore, WriterStore
from penholder_daemon.shell.store.opening import UnusableDatabase, check_identity, open_writer
from penholder_daemon.shell.store.postgres import connecting, faults, filling, opening
from penholder_daemon.shell.store.postgres.connecting import Connect
from penholder_daemon.shell.store.postgres.serving import alone
from penholder_daemon.shell.store.postgres.store import PostgresStore
from penholder_daemon.shell.store.postgres.touched import Catalogue
from penholder_daemon.transferring import blobs, tables
from penholder_daemon.transferring.tables import Table

_NAME = "penholder moves"
_GONE_SECONDS = 1.0
_AGAIN_SECONDS = 0.05
_NEWEST = migrations.postgresql_schema()


class Side(NamedTuple):
    """A store, with what is known of it."""

    name: str
    """For people."""
    kind: str
    store: Store
    put: Callable[[Table, Iterable[Row]], None]
    finish: Callable[[], None]
    """To be called when all rows are there."""
    pieces: Callable[[str], Iterator[bytes]]
    """Reads a blob."""
    put_blob: Callable[[str, Iterable[bytes]], bool]
    """Writes one; tells whether it can be read back."""


# --- SQLite -------------------------------------------------------------------------------------
@contextmanager
def sqlite_source(path: Path) -> Iterator[Side]:
    """Open a database to be read in one view; raises Refused."""
    if not path.exists():
        raise Refused(f"there is no database at {path}")
    try:
        connection = read_only.connect(path)
    except Unreadable as error:
        raise Refused(str(error)) from error
    with closing(connection):
        store = ApswStore(connection)
        try:
            check_identity(store, path)
            _refuse_other_schema(str(path), migrations.version(store))
            store.run("BEGIN")
            damage = next(store.damage(deep=False), None)
        except (UnusableDatabase, StoreFault) as error:
            raise Refused(str(error)) from error
        if damage is not None:
            raise Refused(f"{path} is damaged: {damage[1]}; restore a backup first")
        pieces = partial(blobs.from_files, BlobFiles(path.parent / "blobs"))
        yield Side(str(path), "sqlite", store, _never, _nothing, pieces, _never)


@contextmanager
def sqlite_target(path: Path, *, dry_run: bool) -> Iterator[Side]:
    """Open a database to be filled, made if it is not there; a dry run makes none."""
    is_made = not path.exists()
    store = open_writer(Path(":memory:") if dry_run and is_made else path)
    try:
        store.run("BEGIN IMMEDIATE")
        store.run("PRAGMA defer_foreign_keys = ON")
        files = BlobFiles(blob_copies.of(path))

        def put_blob(blob_id: str, pieces: Iterable[bytes]) -> bool:
            if dry_run:
                for _ in pieces:
                    pass
            else:
                blobs.into_files(files, blob_id, pieces)
            return not dry_run

        pieces = partial(blobs.from_files, files)
        yield Side(str(path), "sqlite", store, _putter(store), _nothing, pieces, put_blob)
        store.run("ROLLBACK" if dry_run else "COMMIT")
    finally:
        _end(store)


def _putter(store: WriterStore) -> Callable[[Table, Iterable[Row]], None]:
    def put(table: Table, rows: Iterable[Row]) -> None:
        marks = ", ".join("?" * len(table.columns))
        sql = f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({marks})"
        try:
            store.run_many(sql, rows)
        except (apsw.ConstraintError, apsw.MismatchError) as error:
            raise Refused(f"a row of table {table.name} does not fit: {error}") from error

    return put


# --- PostgreSQL ---------------------------------------------------------------------------------
@contextmanager
def postgresql_source(url: str, password_file: str | None) -> Iterator[Side]:
    """Open a database to be read while nobody writes it; raises Refused."""
    with connected(url, password_file) as store:
        name = filling.named(store)
        found = opening.version_in(store.connection)
        if not found:
            raise Refused(f"{name} holds no store of Penholder's")
        store.catalogue = opening.catalogue_of(store.connection)
        _refuse_other_schema(name, found)
        pieces = partial(blobs.from_rows, store)
        yield Side(name, "postgresql", store, _never, _nothing, pieces, _never)


@contextmanager
def postgresql_target(url: str, password_file: str | None, *, dry_run: bool) -> Iterator[Side]:
    """Open a database to be filled; its schema is made in the same transaction."""
    with connected(url, password_file) as store:
        opening.prepare(store.connection)
        store.catalogue = opening.catalogue_of(store.connection)
        connecting.make_sound(store.connection)

        def put(table: Table, rows: Iterable[Row]) -> None:
            filling.copy_in(store, table.name, table.columns, _without_nul(table, rows))

        def put_blob(blob_id: str, pieces: Iterable[bytes]) -> bool:
            blobs.into_rows(store, blob_id, pieces)
            return True

        finish, pieces = partial(filling.count_on, store), partial(blobs.from_rows, store)
        yield Side(filling.named(store), "postgresql", store, put, finish, pieces, put_blob)
        store.run("ROLLBACK" if dry_run else "COMMIT")


@contextmanager
def connected(url: str, password_file: str | None) -> Iterator[PostgresStore]:
    """Connect and begin a transaction, which is taken back unless it was ended; raises Refused."""
    connect = connecting.connector(url, password_file=password_file, name=_NAME)
    _refuse_others(connect)
    # Until the end no daemon begins to serve it.
    store = PostgresStore(alone(connect), Catalogue({}, {}))
    try:
        store.run("BEGIN IMMEDIATE")
        filling.be_patient(store)
        yield store
    except psycopg.Error as error:
        raise Refused(f"PostgreSQL refuses it: {faults.words(error)}") from error
    finally:
        _end(store)


def _refuse_others(connect: Connect) -> None:
    store = PostgresStore(connect, Catalogue({}, {}))
    until = monotonic() + _GONE_SECONDS
    try:
        # Who has just hung up is listed until the server has noticed.
        while (other := filling.another(store)) is not None and monotonic() < until:
            sleep(_AGAIN_SECONDS)
        name = filling.named(store)
    finally:
        store.close()
    if other is not None:
        raise AlreadyRunning(
            f"another daemon uses {name} ({other});"
            " stop it with `penholder down`, on each of the machines that share it"
        )


def _without_nul(table: Table, rows: Iterable[Row]) -> Iterator[Row]:
    """Refuse what no text of PostgreSQL can hold."""
    for row in rows:
        for column, value in zip(table.columns, row, strict=True):
            if isinstance(value, str) and "\0" in value:
                where = dict(zip(table.columns, row, strict=True))
                key = ", ".join(repr(where[each]) for each in table.key)
                raise Refused(
                    f"row {key} of table {table.name} has U+0000 in {column}, which PostgreSQL"
                    " cannot hold; such a text was taken by an older version, and its record has"
                    " to be removed or written anew"
                )
        yield row


# --- both ---------------------------------------------------------------------------------------
def _end(store: WriterStore | PostgresStore) -> None:
    try:
        if store.in_transaction:
            store.run("ROLLBACK")
    except StoreFault:
        pass  # with the connection its transaction has gone
    finally:
        store.close()


def _refuse_other_schema(name: str, found: int) -> None:
    if found > _NEWEST:
        raise Refused(
            f"{name} has schema {found}, and this program moves schema {_NEWEST}: upgrade the"
            " program, and move with the newer one"
        )
    if found != _NEWEST:
        raise Refused(
            f"{name} has schema {found}, and this program moves schema {_NEWEST}: start and stop"
            " the daemon of this version on it once, which upgrades it"
        )


def _never(*_: object) -> NoReturn:
    raise AssertionError("the source is never written")


def _nothing() -> None:
    """Do nothing: SQLite goes on above the highest row by itself."""


def tables_of(source: Side, target: Side) -> list[Table]:
    """List the tables that both have; raises Refused where one has what the other lacks."""
    sqlite, other = (
        (source.store, target.store) if source.kind == "sqlite" else (target.store, source.store)
    )
    assert isinstance(sqlite, ApswStore)
    found = tables.all_of(sqlite)
    if isinstance(other, PostgresStore):
        here = {table.name: set(table.columns) for table in found}
        there = filling.stored_columns(other)
        differing = sorted(name for name in {*here, *there} if here.get(name) != there.get(name))
        if differing:
            raise Refused(f"the two stores have other columns in the tables {', '.join(differing)}")
    return found
