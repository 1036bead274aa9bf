"""What is read of version 2 of the Agent Client Protocol; made from its schema."""

from typing import Any

import msgspec


class AgentCapabilities(msgspec.Struct, rename="camel"):
    """Capabilities supported by the agent."""

    session: dict[str, Any] | None = None


class AuthMethod(msgspec.Struct, rename="camel"):
    """Describes an available authentication method."""

    method_id: str = ""
    name: str = ""


class Error(msgspec.Struct, rename="camel"):
    """JSON-RPC error object."""

    code: int = 0
    message: str = ""


class Implementation(msgspec.Struct, rename="camel"):
    """Metadata about the implementation of the client or agent."""

    name: str = ""
    version: str = ""
    title: str | None = None


class InitializeResponse(msgspec.Struct, rename="camel"):
    """Response to the initialize method."""

    protocol_version: int
    info: Implementation
    capabilities: AgentCapabilities = msgspec.field(default_factory=AgentCapabilities)
    auth_methods: list[AuthMethod] = []
    meta: dict[str, Any] | None = msgspec.field(name="_meta", default=None)


class SessionConfigOption(msgspec.Struct, rename="camel"):
    """A session configuration option selector and its current state."""

    config_id: str
    category: str | None = None
    options: list[dict[str, Any]] = []


class NewSessionResponse(msgspec.Struct, rename="camel"):
    """Response from creating a new session."""

    session_id: str = ""
    config_options: list[SessionConfigOption] = []


class PermissionOption(msgspec.Struct, rename="camel"):
    """An option presented to the user when requesting permission."""

    option_id: str
    name: str = ""
    kind: str | None = None


class ToolCallUpdate(msgspec.Struct, rename="camel"):
    """Represents an upsert for a tool call that the language model has requested."""

    tool_call_id: str = ""
    title: str | None = None
    kind: str | None = None
    status: str | None = None


class RequestPermissionSubject(msgspec.Struct, rename="camel"):
    """The operation requiring permission."""

    type: str = ""
    tool_call: ToolCallUpdate = msgspec.field(default_factory=ToolCallUpdate)
    command: str = ""
    cwd: str = ""
    tool_call_id: str | None = None


class RequestPermissionRequest(msgspec.Struct, rename="camel"):
    """Request for user permission to proceed with an operation."""

    session_id: str
    options: list[PermissionOption]
    title: str = ""
    description: str | None = None
    subject: RequestPermissionSubject | None = None


class StateUpdate(msgspec.Struct, rename="camel"):
    """A snapshot of the session's aggregate foreground activity."""

    state: str
    stop_reason: str | None = None
    error: Error | None = None
