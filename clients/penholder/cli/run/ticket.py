"""A wish that one thread has and another fulfils, or does not."""

import threading


class Ticket:
    """A wish of somebody on another thread, who waits for what comes of it."""

    def __init__(self) -> None:
        """Start unanswered."""
        self._answered = threading.Event()
        self.refusal: str | None = None
        self.attempt = 0

    def grant(self, attempt: int = 0) -> None:
        """Say that it was done."""
        self.attempt = attempt
        self._answered.set()

    def refuse(self, why: str) -> None:
        """Say that it was not done."""
        self.refusal = why
        self._answered.set()

    def wait(self) -> None:
        """Wait until it is answered."""
        self._answered.wait()
