"""Who may keep the database open, while it cannot be opened for writing: nobody.

Beside the log SQLite keeps the -shm, an index of it that all connections map. Within a process they
share one mapping. The first connection that needs it decides how it is opened: on a disk that is
read-only, or for want of permission, that is read-only, and it stays so for everybody who comes
later, until the last one is closed. A connection that could write then finds an index that it may
not change, and is refused, though the disk takes writes again by now.

The daemon serves reads while it cannot write. Were its readers to keep their connections, as they
do otherwise, the mapping would never be given up and the writer's could never begin: only a restart
would help, and nobody should have to restart anything.

So until the writer has opened the database, each query opens a connection, reads and closes
it, under one lock (`alone`). The writer tries again under the same lock, when no connection is open
and the mapping is made anew. Once it has succeeded (`is_open`) the mapping can be written and is
kept open by the writer's connection; from then on readers keep theirs. It is never shut again: a
disk that becomes read-only later is an I/O error, which ends the run.

What it costs: while writing is impossible, queries come one after another and each opens the
database. That is slow and seldom.
"""

import threading

from penholder_daemon.shell.disk.database_files import DatabaseFiles
from penholder_daemon.shell.store.breather import Breather
from penholder_daemon.shell.store.damage import Damage


class ShmGate:
    """Shared by the writer and the readers."""

    def __init__(self) -> None:
        """Nothing is open yet."""
        self.alone = threading.Lock()
        """Held by whoever opens the database before `is_open`, until it is closed again."""
        self.breather = Breather()
        self.damage = Damage()
        self.is_open = False
        """Whether the writer has it open for writing; from then on connections are kept."""
        self.files: DatabaseFiles | None = None
        """Those that the writer has open, from then on: nobody is to read from others."""
