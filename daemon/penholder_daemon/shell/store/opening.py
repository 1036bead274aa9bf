"""Opening the database: what is refused, made, upgraded, and under which settings.

The order of the steps is the point, since each builds on those before it and some cannot be undone:

1. The version of SQLite, before any file is opened: older ones may corrupt a database.
2. Whether it was changed under a daemon that had it open (`changed_mark`), also before; and whether
   it is gone or empty where its log or its blobs are left, of which a new one would be the end.
3. Whether it can be written at all. SQLite opens a file for reading where it may not write it, and
   says so only when asked.
4. Whose it is. A database of another program or of a newer version is refused before anything is
   written.
5. The log that the last run left is written and synced once more. Nothing may be built on it before
   (`wal_renewal` says why).
6. A copy, where the schema is older. An upgrade makes what no older program can read; without a
   copy nothing is changed.
7. The settings. In WAL mode a commit is synced only with `synchronous = FULL`, and an acknowledged
   mutation is a durable one. Foreign keys are off in SQLite unless a connection asks for them. With
   a mapping of the file an I/O error would be a signal that ends the process, not an error.
8. The upgrade, all of its steps or none.

A refusal is one of two kinds. What a disk that is full, read-only or out of reach gives may pass:
`UnwritableDatabase`, for which reads are served and opening is tried again. Everything else stays
as it is until somebody does something: the program exits with a status after which systemd does not
start it again.
"""

import os
import stat
from contextlib import ExitStack, suppress
from pathlib import Path

import apsw

from penholder_daemon import migrations
from penholder_daemon.core.store import StoreFault
from penholder_daemon.shell.disk import backups, blob_copies, changed_mark
from penholder_daemon.shell.disk.copying import CopyFailed
from penholder_daemon.shell.disk.database_files import file_bytes
from penholder_daemon.shell.store import wal_renewal
from penholder_daemon.shell.store.damage import Damage
from penholder_daemon.shell.store.database import (
    BUSY_MS,
    ApswStore,
    WriterStore,
    sqlite_version,
)
from penholder_daemon.shell.store.sqlite_faults import refuse
from penholder_protocol import __version__

OLDEST_SQLITE = (3, 51, 3)
"""3.7.0 to 3.51.2 have the WAL-reset bug, which corrupts when two connections checkpoint."""
_WRITE_VERSION = (1, 18)
"""How many bytes from where on say in which way a file is written."""
_ROLLBACK = b"\x01"
_WRITER = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
_READER = apsw.SQLITE_OPEN_READONLY
_PASSING = (
    apsw.BusyError,
    apsw.CantOpenError,
    apsw.FullError,
    apsw.IOError,
    apsw.LockedError,
    apsw.NoMemError,
    apsw.PermissionsError,
    apsw.ReadOnlyError,
)
"""What a disk that is full, read-only or out of reach gives, and stops giving later."""


class UnusableDatabase(Exception):
    """The database cannot be served; the message says why and what to do."""


class UnwritableDatabase(UnusableDatabase):
    """It cannot be written now; a disk that is full or read-only may be neither later."""


def open_writer(path: Path, vfs: str | None = None, *, keep_old: bool = True) -> WriterStore:
    """Open the database for writing, made and upgraded if need be; through a VFS of a test's.

    Before an upgrade it is copied to `backups`, unless `keep_old` says that this file is a copy
    itself. Raises UnusableDatabase for an SQLite that is too old, a foreign file, a newer schema,
    or an upgrade that cannot be made; UnwritableDatabase for what may pass.
    """
    check_sqlite()
    _refuse_what_is_no_file(path)
    _refuse_changed(path)
    _refuse_bereft(path)
    try:
        _refuse_anothers_log(path, vfs or "")
        connection = apsw.Connection(str(path), flags=_WRITER, vfs=vfs, statementcachesize=500)
        with ExitStack() as opened:
            opened.callback(connection.close)
            store = WriterStore(connection)
            _prepare(store, path, vfs or "", keep_old=keep_old)
            opened.pop_all()
    except (StoreFault, apsw.Error, OSError) as error:
        # A StoreFault says what happened in words; what kind of error it was, its cause says.
        cause = error.__cause__ if isinstance(error, StoreFault) else error
        kind = UnwritableDatabase if isinstance(cause, (*_PASSING, OSError)) else UnusableDatabase
        raise kind(f"{path} cannot be opened: {error}{_closed_to_us(path)}") from error
    return store


def _closed_to_us(path: Path) -> str:
    """Say which of the files is another user's or closed; SQLite says of none that it is."""
    for each in (path, *(backups.beside(path, log) for log in backups.LOGS)):
        if os.path.lexists(each) and not os.access(each, os.R_OK | os.W_OK, effective_ids=True):
            return (
                f"; {each} cannot be read and written by uid {os.geteuid()}, it belongs to uid"
                f" {each.lstat().st_uid}: give it back with `chown` or `chmod`"
            )
    return ""


def _refuse_what_is_no_file(path: Path) -> None:
    """Refuse links, and what SQLite would wait for without end, as a pipe that nobody writes to.

    A link to the database SQLite would follow, and have its log where that leads. What lies beside
    the link would be taken for the log here, and what the real one holds not be missed.
    """
    for each in (path, *(backups.beside(path, log) for log in backups.LOGS)):
        with suppress(OSError):
            found = each.lstat().st_mode
            if stat.S_ISLNK(found):
                raise UnusableDatabase(
                    f"{each} is a symlink, and none is followed: put the file itself there, or name"
                    " the directory in which it is with --state-dir"
                )
            if not stat.S_ISREG(found):
                raise UnusableDatabase(f"{each} is no file: move it away, or name another place")


def _refuse_changed(path: Path) -> None:
    """Refuse, before SQLite sees it, a database that was changed under a daemon."""
    if changed_mark.is_left(path):
        mark = changed_mark.beside(path)
        raise UnusableDatabase(
            f"{path} was replaced, written over or cut off while a daemon had it open, and the log"
            " beside it does not belong to what is there now: restore a backup with `penholder"
            f" restore`, which keeps both; or see to it that {path} is what you want, without its"
            f" log if the log is another's, and remove {mark}"
        )


def _refuse_bereft(path: Path) -> None:
    """Refuse to make a new database beside what is left of one.

    SQLite deletes a log that lies beside no database or an empty one, though most of what was
    acknowledged may be in it; and of blobs that no row names the daemon removes the bytes.
    """
    if file_bytes(path):
        return
    log, blobs_dir = backups.beside(path, "-wal"), blob_copies.of(path)
    left = [log] if file_bytes(log) else []
    left += [blobs_dir] if blob_copies.names_in(blobs_dir) else []
    if left:
        raise UnusableDatabase(
            f"{path} is {'empty' if path.exists() else 'not there'}, and of what it held there is"
            f" still {' and '.join(map(str, left))}: put it back, or restore a backup with"
            " `penholder restore`; to begin anew, move those away first"
        )


def _refuse_anothers_log(path: Path, vfs: str) -> None:
    """Refuse a backup that was copied to where a log of the database before it still lies.

    SQLite would play that log into it, and what comes of the two is damaged. A backup is a file
    for rollback journals (`copying.fill`), which a database beside a log never is: it becomes one
    for logs before its first log begins.
    """
    log = backups.beside(path, "-wal")
    if not file_bytes(path) or not file_bytes(log):
        return
    # Through SQLite's own layer, which keeps its locks when another connection has the file open.
    file = apsw.VFSFile(vfs, str(path), [apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_MAIN_DB, 0])
    try:
        is_backup = file.xRead(*_WRITE_VERSION) == _ROLLBACK
    finally:
        file.xClose()
    if is_backup:
        raise UnusableDatabase(
            f"{path} is a backup, and the log beside it, {log}, is of the database that was there"
            " before: move the backup to another place and put it in with `penholder restore`,"
            f" which keeps the log; or move {log} away, to do without what it holds"
        )


def _prepare(store: WriterStore, path: Path, vfs: str, *, keep_old: bool) -> None:
    if store.connection.readonly("main"):
        # With the cause that SQLite would have had, so that it counts among what may pass.
        raise StoreFault("it can only be read") from apsw.ReadOnlyError()
    store.connection.set_busy_timeout(BUSY_MS)
    check_identity(store, path)
    # A file from before, or from elsewhere, may have another mode than the umask gives. Only of a
    # database of ours: of another program's we say that it was left alone.
    if str(path) != ":memory:" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        path.chmod(0o600)
    _renew_log(store, path, vfs)
    if keep_old:
        _copy_before_upgrade(store, path)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "mmap_size = 0"):
        store.run(f"PRAGMA {pragma}")
    # Not before: a table that is made anew is dropped first, and must not take others' rows along.
    store.run("PRAGMA foreign_keys = OFF")
    _upgrade(store, path)
    store.run("PRAGMA foreign_keys = ON")


def _renew_log(store: WriterStore, path: Path, vfs: str) -> None:
    """Write the log again that the last run left, while nobody else can write."""
    store.run("BEGIN IMMEDIATE")
    try:
        wal_renewal.renew(path, vfs)
    finally:
        # Nothing was written through SQLite: the transaction was for its lock alone.
        store.run("ROLLBACK")


def _copy_before_upgrade(store: WriterStore, path: Path) -> None:
    found, known = migrations.version(store), len(migrations.steps())
    if not found or found == known:
        return
    try:
        backups.keep_before_upgrade(store.connection, path, known)
    except CopyFailed as error:
        raise UnusableDatabase(
            f"{path} has schema {found} and must be upgraded to {known}, but it cannot be copied to"
            f" {backups.directory_of(path)} before: {error}; nothing was changed: make that"
            " possible and start again"
        ) from error


def _upgrade(store: WriterStore, path: Path) -> None:
    found = migrations.version(store)
    try:
        migrations.apply(store)
    except (StoreFault, apsw.Error) as error:
        # After an I/O error nobody can promise that it is as it was.
        if isinstance(error, StoreFault) and error.outcome_unknown:
            raise
        raise UnusableDatabase(
            f"{path} cannot be upgraded from schema {found} to {len(migrations.steps())}: {error};"
            f" it is as it was, and the version of the program that knows schema {found} can go on"
        ) from error


def open_reader(path: Path, damage: Damage | None = None) -> ApswStore:
    """Open the database for reading only, and tell of damage that is met; raises StoreFault."""
    try:
        connection = apsw.Connection(str(path), flags=_READER, statementcachesize=500)
    except apsw.Error as error:
        refuse(error)
    connection.set_busy_timeout(BUSY_MS)
    store = ApswStore(connection, damage)
    store.run("PRAGMA mmap_size = 0")
    store.run("PRAGMA query_only = ON")
    return store


def is_readable(path: Path) -> bool:
    """Tell whether queries can be answered from a file that cannot be written."""
    try:
        store = open_reader(path)
        try:
            check_identity(store, path)
            # Queries are written for this schema, and a file that cannot be written cannot be
            # upgraded.
            return migrations.version(store) == len(migrations.steps())
        finally:
            store.close()
    except (StoreFault, UnusableDatabase):
        return False


def check_sqlite() -> None:
    """Refuse an SQLite with a known way to corrupt databases; raises UnusableDatabase."""
    version = tuple(int(part) for part in sqlite_version().split(".")[:3])
    if version < OLDEST_SQLITE:
        needed = ".".join(map(str, OLDEST_SQLITE))
        raise UnusableDatabase(
            f"SQLite {sqlite_version()} has a bug that corrupts databases in WAL mode;"
            f" {needed} or newer is needed: install a current apsw wheel from PyPI"
        )


def check_identity(store: ApswStore, path: Path) -> None:
    """Raise UnusableDatabase for a database of another program, or of a newer version of this."""
    row = store.row("PRAGMA application_id")
    is_empty = store.row("SELECT 1 FROM sqlite_schema LIMIT 1") is None
    if not is_empty and row != (migrations.APPLICATION_ID,):
        raise UnusableDatabase(f"{path} is a database of another program; it was left alone")
    known = len(migrations.steps())
    if (found := migrations.version(store)) > known:
        raise UnusableDatabase(
            f"{path} has schema {found}, this program (penholder {__version__}) knows up to"
            f" {known}: upgrade the program"
        )
