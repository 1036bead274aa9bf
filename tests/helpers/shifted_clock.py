"""`penholderd` whose wall clock lies: `python -P shifted_clock.py SECONDS FLAG …`.

Only the wall clock: what goes on by itself (monotonic, boottime) is of the machine as ever.
"""

import sys
import time

from penholder_daemon.main import main


def shift(seconds: int) -> None:
    """Have this process read a wall clock that is so far ahead."""
    real_time, real_time_ns = time.time, time.time_ns
    time.time = lambda: real_time() + seconds
    time.time_ns = lambda: real_time_ns() + seconds * 1_000_000_000


if __name__ == "__main__":
    shift(int(sys.argv.pop(1)))
    raise SystemExit(main())
