"""The runner's own events: what they are called and what they say; the way there and back.

Beside these there are those of the agent's updates (`updates`), and of the command (`run`). What a
runner that comes after another needs to know is in here, and nowhere else.
"""

import msgspec

from penholder.cli.agent.acp.v1 import PermissionOption
from penholder.cli.agent.summary import Totals
from penholder_protocol.nouns import NewEvent

OPENED = "session.opened"
FAILED = "agent.failed"
STARTED, RESUMED, CANCELING, ENDED = "turn.started", "turn.resumed", "turn.canceling", "turn.ended"
STEERED, UNSTEERED = "turn.steered", "turn.unsteered"
REQUEST, ASKED, BOUND = "permission.request", "permission.asked", "permission.bound"
ANSWERED, SUPERSEDED = "permission.answered", "permission.superseded"
SUMMARY = "summary"
TOOL_KIND = "tool."
"""What the kinds of approvals begin with that are permissions of an agent's."""
KEPT = (
    OPENED, STARTED, STEERED, UNSTEERED, CANCELING, ENDED, ASKED, ANSWERED, SUPERSEDED
)  # fmt: skip
"""What the next runner reads."""
COMPLETED, CANCELED, STOPPED, DIED, LOST = "completed", "canceled", "stopped", "died", "lost"
LIMITED, REFUSED, UNCLEAR, TURN_FAILED, DEADLINE = (
    "limited", "refused", "unclear", "failed", "deadline",
)  # fmt: skip
OUTCOMES = {
    "end_turn": COMPLETED,
    "max_tokens": LIMITED,
    "max_turn_requests": LIMITED,
    "refusal": REFUSED,
    "error": TURN_FAILED,
}
"""How a turn ended that the agent ended by itself; any other reason of its is unclear."""
_CHARACTERS = 32 << 10
STEER = "steer"
"""The kind of an input that is for the turn that runs, where there is one."""


class Opened(msgspec.Struct):
    """A session that the agent has: new, or gone on with."""

    session_id: str
    how: str
    """`new`, `resumed` or `loaded`."""
    lost: str | None = None
    """Why the session before could not be gone on with, where there was one."""
    agent: str | None = None
    version: str | None = None
    protocol: int = 0
    can_resume: bool = False
    can_load: bool = False
    can_steer: bool = False


class Started(msgspec.Struct, omit_defaults=True):
    """An input that was taken from the worker's post: as a turn, or within one."""

    seq: int
    text: str
    cut: bool = False
    """Whether the text is only its beginning; all of it is the input of that number."""

    @classmethod
    def of(cls, seq: int, text: str) -> "Started":
        """Return what is told of an input."""
        return cls(seq, text[:_CHARACTERS], len(text) > _CHARACTERS)


class Unsteered(msgspec.Struct):
    """An input that the agent did not take within the turn."""

    seq: int
    reason: str = ""


class Ended(msgspec.Struct):
    """How a turn ended, by our own record, and what the agent said of that."""

    outcome: str
    stop_reason: str | None = None
    why: str | None = None
    totals: Totals = msgspec.field(default_factory=Totals)


class Asked(msgspec.Struct):
    """A permission that was asked for, and the approval that it is."""

    session_id: str
    tool_call_id: str
    options: list[PermissionOption]
    request_id: str = ""

    def is_same(self, other: "Asked") -> bool:
        """Tell whether it asks for the same thing."""
        return (self.session_id, self.tool_call_id, self.options) == (
            other.session_id, other.tool_call_id, other.options,
        )  # fmt: skip


class About(msgspec.Struct):
    """Which question an event is about."""

    request_id: str | None = None


def event(type_: str, data: msgspec.Struct, turn_id: str | None = None) -> NewEvent:
    """Make one."""
    return NewEvent(type=type_, data=msgspec.Raw(msgspec.json.encode(data)), turn_id=turn_id)


def said(type_: str, turn_id: str | None = None, **data: object) -> NewEvent:
    """Make one of plain words."""
    return NewEvent(type=type_, data=msgspec.Raw(msgspec.json.encode(data)), turn_id=turn_id)
