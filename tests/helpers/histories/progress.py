"""How far a run has come."""

import threading

_MOST_SECONDS = 90.0


class Progress:
    """Counts what callers were answered; threads count, one waits."""

    def __init__(self) -> None:
        """Count from nothing."""
        self._changed = threading.Condition()
        self._done = self._refused = 0

    def count(self, *, is_done: bool) -> None:
        """Note an answer."""
        with self._changed:
            self._done += is_done
            self._refused += not is_done
            self._changed.notify_all()

    def await_done(self, more: int, when: str) -> None:
        """Wait until so many more calls are done."""
        with self._changed:
            enough = self._done + more
            came = self._changed.wait_for(lambda: self._done >= enough, _MOST_SECONDS)
        assert came, f"the daemons do not go on {when}"

    def await_refused(self, more: int) -> None:
        """Wait until so many more were refused, or their connections lost."""
        with self._changed:
            enough = self._refused + more
            came = self._changed.wait_for(lambda: self._refused >= enough, _MOST_SECONDS)
        assert came, "nobody is refused though the server is away"
