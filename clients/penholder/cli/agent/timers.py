"""What happens later, unless it is called off; each by a name, under the conversation's lock."""

import threading
from collections.abc import Callable


class Timers:
    """The timers of one conversation."""

    def __init__(self, lock: threading.RLock) -> None:
        """Do everything under a lock."""
        self._lock = lock
        self._timers: dict[str, threading.Timer] = {}

    def after(self, seconds: float, name: str, do: Callable[[], None]) -> None:
        """Do something later, in place of what else has the name."""
        self.cancel(name)
        timer = threading.Timer(seconds, lambda: self._ring(name, timer, do))
        timer.daemon = True
        self._timers[name] = timer
        timer.start()

    def has(self, name: str) -> bool:
        """Tell whether something of a name is to come."""
        return name in self._timers

    def cancel(self, name: str | None = None) -> None:
        """Call one off, or all."""
        for each in [name] if name is not None else list(self._timers):
            timer = self._timers.pop(each, None)
            if timer is not None:
                timer.cancel()

    def _ring(self, name: str, timer: threading.Timer, do: Callable[[], None]) -> None:
        with self._lock:
            # Called off while it waited for the lock: another may have its name by now.
            if self._timers.get(name) is not timer:
                return
            del self._timers[name]
            do()
