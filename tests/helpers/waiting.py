"""Waiting for what tells nobody that it has happened."""

import time
from collections.abc import Callable

LIMIT_SECONDS = 60.0
_LOOK_SECONDS = 0.02


def until(is_so: Callable[[], bool], otherwise: str = "it does not come to pass") -> None:
    """Look again and again until something outside this process is so."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, otherwise
        time.sleep(_LOOK_SECONDS)
