"""The end of the daemon: asked for, signalled, or forced by a failure of the store."""

import trio


class Stop:
    """Whoever wants the daemon to end says so here; the daemon waits for it."""

    def __init__(self) -> None:
        """Nobody has asked yet."""
        self.asked = trio.Event()
        self.drain_ms = 0
        self.crashed = False

    def ask(self, drain_ms: int) -> None:
        """Finish what is open for at most so long; the first to ask decides."""
        if not self.asked.is_set():
            self.drain_ms = drain_ms
            self.asked.set()

    def crash(self) -> None:
        """End at once with a failure: what is on disk is unknown until the database is reopened."""
        self.crashed = True
        self.drain_ms = 0
        self.asked.set()
