"""What an agent of version 2 says that it is at: whether it works, and whether that was our turn.

It works on its own account, too, and says again what it said before. So a turn has ended when the
agent is idle after it was at something since the prompt was sent, and has taken the prompt: neither
an idle of before nor the end of something else is the end of the turn.
"""

from penholder.cli.agent.acp.v2 import StateUpdate

_BUSY = ("running", "requires_action")
_IDLE = "idle"


class Course:
    """Of one process of the agent's."""

    def __init__(self) -> None:
        """Idle, as a new session is."""
        self.is_busy = False
        """Whether it is at something, a turn or something of its own."""
        self._is_ours = self._is_taken = False
        self._has_begun = False
        self._end: StateUpdate | None = None

    def sent(self) -> None:
        """Note that a prompt begins a turn."""
        self._is_ours, self._is_taken, self._has_begun, self._end = True, False, False, None

    def canceled(self) -> None:
        """Note that the turn is to end: it may have ended before the agent was at anything."""
        self._has_begun = self._is_ours

    def taken(self) -> StateUpdate | None:
        """Note that the prompt was taken; returns how the turn ended where it has already."""
        self._is_taken = True
        self._has_begun = self._has_begun or self.is_busy
        return self._ended()

    def take(self, update: StateUpdate) -> StateUpdate | None:
        """Note a state; returns it where it is the end of the turn."""
        if update.state in _BUSY:
            self.is_busy = True
            self._has_begun, self._end = self._is_ours, None
        elif update.state == _IDLE:
            self.is_busy = False
            if self._is_ours and self._has_begun:
                self._end = update
        return self._ended()

    def _ended(self) -> StateUpdate | None:
        if not (self._is_ours and self._is_taken and self._end is not None):
            return None
        self._is_ours = False
        return self._end
