"""Who may keep the database open, while it cannot be opened for writing: nobody.

SQLite shares the -shm file among the connections of a process. One that was opened on a read-only
disk stays read-only for all of them until the last is closed, so that the writer could never begin.
"""

import threading

from penholder_daemon.shell.breather import Breather


class Gate:
    """Shared by the pen and the readers."""

    def __init__(self) -> None:
        """Nothing is open yet."""
        self.alone = threading.Lock()
        """Held by whoever opens the database before `is_open`, until it is closed again."""
        self.breather = Breather()
        self.is_open = False
        """Whether the pen has it open for writing; from then on connections are kept."""
