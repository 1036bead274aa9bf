"""How long to wait between attempts, and when to stop trying."""

FIRST_DELAY_S = 0.02
GROWTH = 1.6
LONGEST_DELAY_S = 0.5
CALM_S = 1.0
"""What worked for so long was no part of the outage before."""


class Patience:
    """One outage: its delays grow, and after `reconnect_s` it has lasted too long.

    A failure that comes a good while after the last attempt belongs to a new outage, so that a
    wait of hours may outlive any number of restarts.
    """

    __slots__ = ("_attempt_at", "_began_at", "_delay_s", "_reconnect_s")

    def __init__(self, reconnect_s: float) -> None:
        """Start with no failure."""
        self._reconnect_s = reconnect_s
        self._delay_s = FIRST_DELAY_S
        self._began_at = self._attempt_at = float("-inf")

    def delay_after_failure(self, now: float) -> float | None:
        """Return the seconds until the next attempt, or None if the time is over."""
        if now - self._attempt_at > max(self._reconnect_s, CALM_S):
            self._began_at, self._delay_s = now, FIRST_DELAY_S
        self._attempt_at = now
        left = self._began_at + self._reconnect_s - now
        if left <= 0:
            return None
        delay, self._delay_s = self._delay_s, min(self._delay_s * GROWTH, LONGEST_DELAY_S)
        self._attempt_at = now + min(delay, left)
        return min(delay, left)
