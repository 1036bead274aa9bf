"""The end of the daemon: asked for, signalled, or forced by a failure of the store."""

import trio


class Stop:
    """Whoever wants the daemon to end says so here; the daemon waits for it."""

    def __init__(self) -> None:
        """Nobody has asked yet."""
        self.asked = trio.Event()
        self.draining = trio.CancelScope()
        """What is open is finished inside it; its deadline is the earliest that was asked for."""
        self.crashed = False

    def ask(self, drain_ms: int) -> None:
        """Finish what is open for at most so long; less time shortens a longer stop."""
        deadline = trio.current_time() + drain_ms / 1000
        # Whoever asks for more time than somebody before does not get it.
        self.draining.deadline = min(self.draining.deadline, deadline)
        self.asked.set()

    def ask_by_signal(self, drain_ms: int) -> None:
        """Stop as the settings say; a second signal ends it at once."""
        self.ask(0 if self.asked.is_set() else drain_ms)

    def crash(self) -> None:
        """End at once with a failure: what is on disk is unknown until the database is reopened."""
        self.crashed = True
        self.ask(0)
