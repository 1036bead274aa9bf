"""What is looked after with every beat: that the daemon can be found, and peers' patience.

Files that say where the daemon is can be removed under it (a logout removes /run/user/1000). They
are put back, so that nobody who looks for it finds nothing, or a second one.

It waits for what is not its own to make. The directory above, such as /run/user/1000, comes back
with the user's next session.
"""

import structlog

from penholder_daemon.shell.disk.locks import Locks
from penholder_daemon.shell.listening.sockets import Sockets

log = structlog.get_logger()


def tend(sockets: Sockets, locks: Locks) -> None:
    """Look after the daemon's files and connections; never raises."""
    try:
        # The locks first: what is served again below lies in what they guard.
        locks.put_back()
        sockets.tend()
        sockets.check_patience()
    # Whatever one round meets, the next one comes: else one mistake would end all looking after.
    except Exception as bug:
        log.error("tending failed inside the daemon", exc_info=bug)
