"""The file that is to be restored: looked at closely, then copied to where it can be worked on."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from penholder_daemon import migrations
from penholder_daemon.core.store import StoreFault
from penholder_daemon.refusals import Refused
from penholder_daemon.shell.disk import copying, read_only
from penholder_daemon.shell.disk.copying import CopyFailed
from penholder_daemon.shell.disk.read_only import Unreadable
from penholder_daemon.shell.store.database import ApswStore, WriterStore
from penholder_daemon.shell.store.opening import UnusableDatabase, check_identity, open_writer

_EXPECTED = "expected was a backup that penholder made"
_DAMAGED = (apsw.CorruptError, apsw.NotADBError)


@contextmanager
def opened(file: Path, in_place: Path) -> Iterator[apsw.Connection]:
    """Open a backup for reading; raises Refused for what cannot be one."""
    _refuse_unfit(file)
    # Before SQLite opens it, so that nobody looks for a backup's faults in the database in place.
    if in_place.exists() and in_place.samefile(file):
        raise Refused(f"{file} is the database in place")
    try:
        connection = read_only.connect(file)
    except Unreadable as error:
        raise Refused(f"{error}; {_EXPECTED}") from error
    try:
        _refuse_unknown(ApswStore(connection), file)
        yield connection
    except _DAMAGED as error:
        raise Refused(f"{file} is damaged: {error}") from error
    finally:
        connection.close()


def copy_to(work: Path, backup: apsw.Connection, file: Path) -> WriterStore:
    """Make the copy that is worked on, upgraded to this version; raises Refused if it is damaged.

    What is checked is the copy, so that nothing can change between the look and the use.
    """
    copying.copy(backup, work)
    try:
        copying.check_integrity(work)
        return open_writer(work, keep_old=False)
    except (CopyFailed, UnusableDatabase) as error:
        raise Refused(f"{file} cannot be restored: {error}") from error


def _refuse_unfit(file: Path) -> None:
    try:
        found = os.lstat(file)
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}") from error
    if stat.S_ISLNK(found.st_mode):
        raise Refused(f"{file} is a symlink; name the file that it leads to")
    if not stat.S_ISREG(found.st_mode):
        kind = "a directory" if stat.S_ISDIR(found.st_mode) else "no plain file"
        raise Refused(f"{file} is {kind}; {_EXPECTED}")
    if not found.st_size:
        raise Refused(f"{file} is empty; {_EXPECTED}")


def _refuse_unknown(store: ApswStore, file: Path) -> None:
    """Refuse another program's database, a newer one, and one without content."""
    try:
        check_identity(store, file)
        schema = migrations.version(store)
    except UnusableDatabase as error:
        raise Refused(str(error)) from error
    except StoreFault as error:
        raise Refused(f"{file} is damaged: {error}") from error
    if not schema:
        raise Refused(f"{file} holds no tables; {_EXPECTED}")
