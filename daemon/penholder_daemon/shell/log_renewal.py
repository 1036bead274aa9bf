"""The write-ahead log that a run left behind, written and synced once more before it is read.

After a sync that failed, the kernel takes pages for written that never came to the disk, and shows
them to whoever reads (https://wiki.postgresql.org/wiki/Fsync_Errors). A start would go on from
frames that are not there: at a power loss all that was appended behind them would be gone too, and
a checkpoint of them, cut off, would leave the database torn.
"""

import os
from pathlib import Path

import apsw

_CHUNK_BYTES = 64 << 10
"""SQLite's own layer takes less than 128 KiB at once."""


def renew(database: Path, vfs: str) -> None:
    """Renew the log beside a database whose write lock the caller holds; raises apsw.Error.

    The lock is SQLite's own: whoever else might write waits or is refused, and no frame comes
    between one that is read here and written again. Readers are not hindered, since no byte
    changes. A clean stop leaves an empty log. SQLite has no lock on this file that closing it could
    drop: those of a log are on the -shm.
    """
    log = f"{database}-wal"
    size = os.stat(log).st_size if os.path.exists(log) else 0
    if not size:
        return
    flags = [apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_WAL, 0]
    file = apsw.VFSFile(vfs, log, flags)
    try:
        if flags[1] & apsw.SQLITE_OPEN_READONLY:
            raise apsw.ReadOnlyError("its write-ahead log can only be read")
        for offset in range(0, size, _CHUNK_BYTES):
            file.xWrite(file.xRead(min(_CHUNK_BYTES, size - offset), offset), offset)
        file.xSync(apsw.SQLITE_SYNC_FULL)
    finally:
        file.xClose()
