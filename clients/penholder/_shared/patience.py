"""How long to wait between attempts, and when to stop trying.

A daemon that is restarted is away for a moment, and everybody who was connected comes back at once.
So the first attempt follows soon, and the pauses grow, to a limit: a restart of a second should not
cost five, and an outage of minutes should not be asked about fifty times a second.

When to give up is not counted in attempts, since those say nothing about time: an attempt may be
refused within microseconds or hang for long. It is counted from the first failure of an outage, and
an outage is what has to be told from the next one. A call may wait for hours, over any number of
restarts, each of which is short. Would the time run from the call's beginning, the second restart
would find it used up. So a failure that comes a good while after the last attempt (longer than all
the time that an outage may take, and than `CALM_S`) begins a new one: in between the connection
worked, or it would have failed sooner.

The last pause is cut where the time ends, so that the last attempt is made at that moment and not
before: who allows ten seconds has a daemon that comes after nine and a half.

Nothing here asks a clock or sleeps: the clients say what time it is, and sleep as they are told.
"""

import math

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

    def delay_after_failure(self, now: float, limit_s: float = math.inf) -> float | None:
        """Return the seconds until the next attempt, or None if the time is over.

        With a limit this outage may not last longer than that, either.
        """
        if now - self._attempt_at > max(self._reconnect_s, CALM_S):
            self._began_at, self._delay_s = now, FIRST_DELAY_S
        self._attempt_at = now
        left = self._began_at + min(self._reconnect_s, limit_s) - now
        if left <= 0:
            return None
        delay, self._delay_s = self._delay_s, min(self._delay_s * GROWTH, LONGEST_DELAY_S)
        self._attempt_at = now + min(delay, left)
        return min(delay, left)
