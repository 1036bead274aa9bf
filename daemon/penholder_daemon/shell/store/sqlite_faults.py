"""What an error of SQLite means: a fault of the store, and of which kind, or a mistake of ours.

Whoever gets an error must know which of three kinds it is. Some say that nothing was
written: a full disk, a lock, a file that can only be read. After an I/O error nobody knows
(`outcome_unknown`), since a sync that failed may leave pages that the kernel takes for clean. And
what is a mistake of this program, a constraint or a word of SQL, is no fault of the store: it is
raised as it is and ends as a bug. `refuse` tells them apart. One case SQLite tells wrongly: a write
that a quota or a limit of file size refuses comes as an I/O error, though nothing has happened.
"""

import errno
import os
from typing import NoReturn

import apsw

from penholder_daemon.core.store import StoreBusy, StoreFault

_FAULTS = (
    apsw.CantOpenError,
    apsw.CorruptError,
    apsw.FullError,
    apsw.LockedError,
    apsw.NoMemError,
    apsw.NotADBError,
    apsw.PermissionsError,
    apsw.ReadOnlyError,
)
DAMAGES = (apsw.CorruptError, apsw.NotADBError)
"""What is met in a file whose bytes are not those that were written."""
_NO_ROOM = frozenset({errno.EFBIG, errno.EDQUOT, errno.ENOSPC})
"""A write that did not happen, for want of room: SQLite knows one of the three as a full disk, and
takes the others for a disk that fails."""


def refuse(error: apsw.Error, system_errno: int = 0) -> NoReturn:
    """Tell faults of the database from mistakes of ours (constraints, SQL)."""
    if isinstance(error, apsw.IOError):
        is_write = getattr(error, "extendedresult", None) == apsw.SQLITE_IOERR_WRITE
        if is_write and system_errno in _NO_ROOM:
            raise StoreFault(f"{error} ({os.strerror(system_errno)})") from error
        raise StoreFault(str(error), outcome_unknown=True) from error
    if isinstance(error, apsw.BusyError):
        raise StoreBusy(str(error)) from error
    if isinstance(error, _FAULTS):
        raise StoreFault(str(error)) from error
    raise error
