"""Whether a command that has ended is started again, and after how long. Pure.

It waits 1 s before the first start, and twice as long before each further one, up to a minute: what
fails at once would else fail a thousand times a second. A command that has lived for a minute was
no failure to start, and the next wait is the first again.
"""

from typing import Literal, get_args

from penholder.cli.run.child import Exit

Policy = Literal["never", "on-failure", "always"]
POLICIES: tuple[Policy, ...] = get_args(Policy)
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0
PROVEN_S = 60.0
"""Who has lived so long begins with the first wait again."""


class Restarts:
    """The policy of one worker, and how long it waits next."""

    def __init__(self, policy: Policy) -> None:
        """Start with a command that has not failed yet."""
        self.policy = policy
        self._next_s = FIRST_WAIT_S

    def applies(self, how: Exit | None) -> bool:
        """Tell whether a command that ended so is started again; None: nobody saw how."""
        if self.policy == "on-failure":
            return how is None or not how.is_success
        return self.policy == "always"

    def wait_s(self, how: Exit, lived_s: float) -> float | None:
        """Return how long to wait before the next start; None where there is none."""
        if not self.applies(how):
            return None
        if lived_s >= PROVEN_S:
            self._next_s = FIRST_WAIT_S
        wait_s = self._next_s
        self._next_s = min(2 * wait_s, LONGEST_WAIT_S)
        return wait_s
