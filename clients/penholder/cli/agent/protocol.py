"""What is read of the Agent Client Protocol, version 1, and what is said in it.

Types hold only what somebody here acts on; all else of a message is stored as it came. Nothing is
required that a worse agent may leave out, so one bad part never drops the whole. The schema of the
protocol is checked in with the tests, which compare each field here with it.
"""

from typing import Any, TypeVar

import msgspec

T = TypeVar("T")
VERSION = 1
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


class Implementation(msgspec.Struct):
    """Which program somebody is."""

    name: str = ""
    version: str = ""
    title: str | None = None


class SessionCapabilities(msgspec.Struct):
    """What an agent can do with sessions; an object, be it empty, means that it can."""

    resume: dict[str, Any] | None = None
    list: dict[str, Any] | None = None


class AgentCapabilities(msgspec.Struct, rename="camel"):
    """What an agent can do."""

    load_session: bool = False
    session_capabilities: SessionCapabilities = msgspec.field(default_factory=SessionCapabilities)

    @property
    def can_resume(self) -> bool:
        """Whether it goes on with a session without telling it again."""
        return self.session_capabilities.resume is not None


class AuthMethod(msgspec.Struct):
    """A way to log in."""

    id: str = ""
    name: str = ""
    description: str | None = None


class InitializeResponse(msgspec.Struct, rename="camel"):
    """Who the agent is, and what it can do."""

    protocol_version: int
    agent_capabilities: AgentCapabilities = msgspec.field(default_factory=AgentCapabilities)
    auth_methods: list[AuthMethod] = []
    agent_info: Implementation | None = None


class SessionMode(msgspec.Struct):
    """A way in which an agent works."""

    id: str
    name: str = ""


class SessionModeState(msgspec.Struct, rename="camel"):
    """The modes that there are, and the one that it is in."""

    current_mode_id: str = ""
    available_modes: list[SessionMode] = []


class SessionConfigOption(msgspec.Struct):
    """Something that can be set for a session; `options` are its values, in groups perhaps."""

    id: str
    category: str | None = None
    options: list[dict[str, Any]] = []

    @property
    def values(self) -> list[str]:
        """All values that it can have."""
        inner = [more for each in self.options for more in each.get("options", [each])]
        return [each["value"] for each in inner if isinstance(each.get("value"), str)]


class NewSessionResponse(msgspec.Struct, rename="camel"):
    """A session that was opened; resumed and loaded ones have no id here."""

    session_id: str = ""
    modes: SessionModeState | None = None
    config_options: list[SessionConfigOption] | None = None


class Usage(msgspec.Struct, rename="camel"):
    """Tokens of a turn."""

    total_tokens: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


class PromptResponse(msgspec.Struct, rename="camel"):
    """The end of a turn, as the agent sees it."""

    stop_reason: str = ""
    usage: Usage | None = None


class PermissionOption(msgspec.Struct, rename="camel"):
    """One answer to a permission request."""

    option_id: str
    name: str = ""
    kind: str | None = None


class ToolCallUpdate(msgspec.Struct, rename="camel"):
    """What is said of a tool call."""

    tool_call_id: str = ""
    title: str | None = None
    kind: str | None = None
    status: str | None = None


class RequestPermissionRequest(msgspec.Struct, rename="camel"):
    """The agent asks whether it may."""

    session_id: str
    tool_call: ToolCallUpdate
    options: list[PermissionOption]


class SessionNotification(msgspec.Struct, rename="camel"):
    """Something that happened in a session."""

    update: msgspec.Raw
    session_id: str = ""


class CancelRequestNotification(msgspec.Struct, rename="camel"):
    """Whoever asked wants no answer any more."""

    request_id: int | str | None = None


def initialize(version: str) -> dict[str, object]:
    """Return the params of initialize: nothing of the client's machine is offered."""
    return {
        "protocolVersion": VERSION,
        "clientCapabilities": {
            "fs": {"readTextFile": False, "writeTextFile": False},
            "terminal": False,
        },
        "clientInfo": {"name": "penholder", "title": "Penholder", "version": version},
    }


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
