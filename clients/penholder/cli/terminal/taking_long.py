"""A word that takes longer than a person waits without asking: it says what it is at, once.

On a terminal only: a script, or a timer's log, wants the result and nothing else.
"""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

AFTER_S = 2.0


@contextmanager
def told(text: str, *, says: bool = True, after_s: float = AFTER_S) -> Iterator[None]:
    """Say on stderr what is done here, where that takes long."""
    if not says or not sys.stderr.isatty():
        yield
        return
    timer = threading.Timer(after_s, _say, [text])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _say(text: str) -> None:
    with suppress(OSError):  # the terminal has gone
        print(f"penholder {text}", file=sys.stderr, flush=True)
