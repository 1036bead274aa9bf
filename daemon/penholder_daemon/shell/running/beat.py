"""The loop's own beat: while the loop stands still, nobody's heartbeat is heard.

A task beats twice a second. Whoever hands something to the writer asks first whether the beat is
late: after a stall that task need not be the first to run, and no lease may be judged before the
stall is known.
"""

import trio

from penholder_daemon.core.leases import Beat

# Well below LEASE_STALL_MS: a turn of the loop that is a little late is no stall.
_BEAT_SECONDS = 0.5


async def keep_beating(beat: Beat) -> None:
    """Beat for ever."""
    while True:
        beat.beat()
        await trio.sleep(_BEAT_SECONDS)
