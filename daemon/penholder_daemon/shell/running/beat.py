"""The loop's own beat: while the loop stands still, nobody's heartbeat is heard.

A task beats twice a second. Whoever hands something to the writer asks first whether the beat is
late: after a stall that task need not be the first to run, and no lease may be judged before the
stall is known.

What is to be looked after as often is looked after with it (`tend`): an idle daemon wakes up once
for both.
"""

from collections.abc import Callable

import trio

from penholder_daemon.core.leases import Beat

# Well below LEASE_STALL_MS: a turn of the loop that is a little late is no stall.
_BEAT_SECONDS = 0.5


async def keep_beating(beat: Beat, tend: Callable[[], None]) -> None:
    """Beat for ever, and tend after each beat; `tend` raises nothing."""
    while True:
        beat.beat()
        tend()
        await trio.sleep(_BEAT_SECONDS)
