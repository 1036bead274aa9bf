"""What the Agent Client Protocol is in all its versions: JSON-RPC, prompts, answers.

Types (`acp`) hold only what somebody here acts on; all else of a message is stored as it came.
Nothing is required that a worse agent may leave out, so one bad part never drops the whole.
"""

from typing import TypeVar

import msgspec

T = TypeVar("T")
AUTH_REQUIRED = -32000
METHOD_NOT_FOUND = -32601
CANCELED = {"outcome": {"outcome": "cancelled"}}
ALLOW_ONCE, REJECT_ONCE = "allow_once", "reject_once"


class Error(msgspec.Struct):
    """What an agent refuses with."""

    code: int = 0
    message: str = ""

    def __str__(self) -> str:
        """Say it."""
        return f"{self.message or 'it did not say why'} ({self.code})"


class Message(msgspec.Struct):
    """Any message of the agent's: a request has method and id, a notification no id."""

    method: str | None = None
    id: int | str | float | None = None
    params: msgspec.Raw = msgspec.Raw(b"{}")
    result: msgspec.Raw = msgspec.Raw(b"null")
    error: Error | None = None


def text(words: str) -> list[dict[str, str]]:
    """Return a prompt of one text."""
    return [{"type": "text", "text": words}]


def selected(option_id: str) -> dict[str, object]:
    """Return the answer to a permission request."""
    return {"outcome": {"outcome": "selected", "optionId": option_id}}


def decoded(raw: msgspec.Raw | bytes, type_: type[T]) -> T | None:
    """Read something of the agent's; None where it is not what it should be."""
    try:
        return msgspec.json.decode(raw, type=type_)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
