"""The database in place: what it has given out, and how it becomes one file."""

from pathlib import Path

import apsw

from penholder_daemon.core import handed_out
from penholder_daemon.core.caller import Caller
from penholder_daemon.core.handed_out import HandedOut
from penholder_daemon.core.store import StoreFault
from penholder_daemon.core.transaction import Rx
from penholder_daemon.core.world import World
from penholder_daemon.shell.disk import changed_mark, read_only
from penholder_daemon.shell.store.database import ApswStore


def look(database: Path, world: World, caller: Caller) -> HandedOut:
    """Read what a database has given out and settle it; of one that is not sound not all is known.

    It may be damaged, of another version or not there at all: that is what backups are for.
    """
    unknown = HandedOut(is_all=False)
    # SQLite would delete the log beside a file that is empty, and play it into one that was
    # changed.
    if changed_mark.is_left(database) or not read_only.looks_like_sqlite(database):
        return unknown
    try:
        connection = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READWRITE)
        try:
            store = ApswStore(connection)
            is_sound = store.row("PRAGMA quick_check(1)") == ("ok",)
            known = handed_out.read(Rx(store, world, caller), is_all=is_sound)
            settle(store)
        finally:
            connection.close()
    # One that cannot be settled keeps its log, which `placing` moves away with it.
    except (StoreFault, apsw.Error):
        return unknown
    return known


def settle(store: ApswStore) -> None:
    """Move everything into the database file, so that no log is left beside it."""
    store.row("PRAGMA wal_checkpoint(TRUNCATE)")
    if store.row("PRAGMA journal_mode = DELETE") != ("delete",):
        raise StoreFault("the write-ahead log cannot be ended; another program reads the database")
