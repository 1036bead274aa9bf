"""The write-ahead log that a run left behind, written and synced once more before it is read.

What goes wrong without it. A commit appends frames to the log and syncs. The sync fails, so the
daemon says that the outcome is unknown and exits. But after a sync that failed, the kernel takes
pages for written that never came to the disk, and shows them to whoever reads
(https://wiki.postgresql.org/wiki/Fsync_Errors). A start would find the frames whole, with good
checksums, and go on behind them: each later sync succeeds, as nothing of the earlier pages is
waiting to be written. At a power loss those are gone, and SQLite reads a log up to the first
frame that is missing: all that was acknowledged behind it would be gone too. A checkpoint of such
frames, cut off by the same power loss, would leave the database torn.

Reading cannot tell whether a page is on the disk or only in the kernel's memory. Writing the same
bytes makes the page dirty again, and the sync after it says whether it has arrived. If that sync
fails too, the database is not opened for writing.

Why here: it must come before anything is built on the log (a copy before an upgrade, the upgrade
itself, the first commit), and after the checks of identity, so that a foreign file is not touched.
Why under SQLite's write lock: no frame of anybody else must come between one that is read and the
same one written back. It is done at every opening for writing, since no run can know how the last
one ended; a clean stop leaves an empty log, and then it costs nothing.
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
    # Through SQLite's own layer: the simulated disk of the tests lies there, and knows what was
    # synced.
    file = apsw.VFSFile(vfs, log, flags)
    try:
        # What SQLite made of the request: where it may not write it opens for reading, without an
        # error.
        if flags[1] & apsw.SQLITE_OPEN_READONLY:
            raise apsw.ReadOnlyError("its write-ahead log can only be read")
        for offset in range(0, size, _CHUNK_BYTES):
            file.xWrite(file.xRead(min(_CHUNK_BYTES, size - offset), offset), offset)
        file.xSync(apsw.SQLITE_SYNC_FULL)
    finally:
        file.xClose()
