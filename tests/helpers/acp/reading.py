"""What is read of the protocol's messages: of each definition the fields that somebody acts on.

All else of a message is stored as it came. A field with `*` must be there; the others have a value
that says nothing, since a worse agent may leave out what the schema requires.
"""

from pathlib import Path
from typing import NamedTuple


class Version(NamedTuple):
    """One version of the protocol."""

    number: int
    schema: Path
    sha256: str
    read: dict[str, str]
    """Fields by the names of definitions; those of its variants, too."""
    raw: dict[str, str]
    """Types that are not what the schema says of a field."""

    @property
    def module(self) -> str:
        """The name of what is made of it."""
        return f"v{self.number}"


_HERE = Path(__file__).parent
_SAME = {
    "AuthMethod": "name",
    "Implementation": "name version title",
    "PermissionOption": "optionId* name kind",
    "ToolCallUpdate": "toolCallId title kind status",
}
# Kept in the stream of a worker, also where an agent leaves it out.
_KIND = {"PermissionOption.kind": "str | None"}
V1 = Version(
    1,
    _HERE / "schema-v1.json",
    "97ba7e979ceca18e24f5e47cf2f38adfe28e03de268a0f22c124ab4c5660b7bd",
    {
        **_SAME,
        "AuthMethod": "id name",
        "SessionCapabilities": "resume",
        "AgentCapabilities": "loadSession sessionCapabilities",
        "InitializeResponse": "protocolVersion* agentCapabilities authMethods agentInfo _meta",
        "SessionMode": "id* name",
        "SessionModeState": "currentModeId availableModes",
        "SessionConfigOption": "id* category options",
        "NewSessionResponse": "sessionId modes configOptions",
        "CancelRequestNotification": "requestId",
        "Usage": "totalTokens inputTokens outputTokens",
        "PromptResponse": "stopReason usage",
        "RequestPermissionRequest": "sessionId* toolCall* options*",
        "SessionNotification": "update* sessionId",
    },
    {
        **_KIND,
        "SessionConfigOption.options": "list[dict[str, Any]]",
        "SessionNotification.update": "msgspec.Raw",
    },
)
V2 = Version(
    2,
    _HERE / "schema-v2.json",
    "b6c91055df549d6f1db1d76d692d0561dad433e03d8ed114ea9b5baed9da72c5",
    {
        **_SAME,
        "AuthMethod": "methodId name",
        "AgentCapabilities": "session",
        "InitializeResponse": "protocolVersion* capabilities authMethods info* _meta",
        "SessionConfigOption": "configId* category options",
        "NewSessionResponse": "sessionId configOptions",
        "Error": "code message",
        "StateUpdate": "state* stopReason error",
        "RequestPermissionSubject": "type toolCall command cwd toolCallId",
        "RequestPermissionRequest": "sessionId* title description subject options*",
    },
    {**_KIND, "SessionConfigOption.options": "list[dict[str, Any]]"},
)
VERSIONS = (V1, V2)
