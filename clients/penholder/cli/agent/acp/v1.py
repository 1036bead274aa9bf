"""What is read of version 1 of the Agent Client Protocol; made from its schema."""

from typing import Any

import msgspec


class SessionCapabilities(msgspec.Struct, rename="camel"):
    """Session capabilities supported by the agent."""

    resume: dict[str, Any] | None = None


class AgentCapabilities(msgspec.Struct, rename="camel"):
    """Capabilities supported by the agent."""

    load_session: bool = False
    session_capabilities: SessionCapabilities = msgspec.field(default_factory=SessionCapabilities)


class AuthMethod(msgspec.Struct, rename="camel"):
    """Describes an available authentication method."""

    id: str = ""
    name: str = ""


class CancelRequestNotification(msgspec.Struct, rename="camel"):
    """Notification to cancel an ongoing request."""

    request_id: int | str | None = None


class Implementation(msgspec.Struct, rename="camel"):
    """Metadata about the implementation of the client or agent."""

    name: str = ""
    version: str = ""
    title: str | None = None


class InitializeResponse(msgspec.Struct, rename="camel"):
    """Response to the initialize method."""

    protocol_version: int
    agent_capabilities: AgentCapabilities = msgspec.field(default_factory=AgentCapabilities)
    auth_methods: list[AuthMethod] = []
    agent_info: Implementation | None = None
    meta: dict[str, Any] | None = msgspec.field(name="_meta", default=None)


class SessionMode(msgspec.Struct, rename="camel"):
    """A mode the agent can operate in."""

    id: str
    name: str = ""


class SessionModeState(msgspec.Struct, rename="camel"):
    """The set of modes and the one currently active."""

    current_mode_id: str = ""
    available_modes: list[SessionMode] = []


class SessionConfigOption(msgspec.Struct, rename="camel"):
    """A session configuration option selector and its current state."""

    id: str
    category: str | None = None
    options: list[dict[str, Any]] = []


class NewSessionResponse(msgspec.Struct, rename="camel"):
    """Response from creating a new session."""

    session_id: str = ""
    modes: SessionModeState | None = None
    config_options: list[SessionConfigOption] | None = None


class PermissionOption(msgspec.Struct, rename="camel"):
    """An option presented to the user when requesting permission."""

    option_id: str
    name: str = ""
    kind: str | None = None


class Usage(msgspec.Struct, rename="camel"):
    """Token usage information for a prompt turn."""

    total_tokens: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


class PromptResponse(msgspec.Struct, rename="camel"):
    """Response from processing a user prompt."""

    stop_reason: str = ""
    usage: Usage | None = None


class ToolCallUpdate(msgspec.Struct, rename="camel"):
    """An update to an existing tool call."""

    tool_call_id: str = ""
    title: str | None = None
    kind: str | None = None
    status: str | None = None


class RequestPermissionRequest(msgspec.Struct, rename="camel"):
    """Request for user permission to execute a tool call."""

    session_id: str
    tool_call: ToolCallUpdate
    options: list[PermissionOption]


class SessionNotification(msgspec.Struct, rename="camel"):
    """Notification containing a session update from the agent."""

    update: msgspec.Raw
    session_id: str = ""
