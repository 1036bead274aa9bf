"""What is read of the protocol, and said in it, is what its schema has."""

import hashlib
import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

import tests.helpers
from penholder.cli.agent import protocol, told

SCHEMA = Path(tests.helpers.__file__).parent / "acp/schema-v1.json"
SHA256 = "97ba7e979ceca18e24f5e47cf2f38adfe28e03de268a0f22c124ab4c5660b7bd"
"""Of version 1.9.0 of the npm package; a newer schema is another file with another sum."""
READ = (
    protocol.InitializeResponse, protocol.AgentCapabilities, protocol.SessionCapabilities,
    protocol.Implementation, protocol.NewSessionResponse, protocol.SessionModeState,
    protocol.SessionMode, protocol.PromptResponse, protocol.Usage, protocol.PermissionOption,
    protocol.RequestPermissionRequest, protocol.ToolCallUpdate, protocol.SessionNotification,
    protocol.CancelRequestNotification, protocol.Error,
)  # fmt: skip


@pytest.fixture(scope="module")
def definitions() -> dict[str, Any]:
    """Give the definitions of the schema."""
    found: dict[str, Any] = json.loads(SCHEMA.read_bytes())["$defs"]
    return found


def test_the_schema_is_the_one_that_was_published() -> None:
    assert hashlib.sha256(SCHEMA.read_bytes()).hexdigest() == SHA256


@pytest.mark.parametrize("type_", READ, ids=lambda type_: type_.__name__)
def test_each_field_that_is_read_is_one_of_the_schema(
    type_: type[msgspec.Struct], definitions: dict[str, Any]
) -> None:
    known = definitions[type_.__name__]
    fields = msgspec.structs.fields(type_)
    assert {field.encode_name for field in fields} <= set(known["properties"])
    needed = {field.encode_name for field in fields if field.required}
    assert needed <= set(known.get("required", ()))


def test_what_is_said_holds_in_the_schema(definitions: dict[str, Any]) -> None:
    said: list[tuple[str, object]] = [
        ("InitializeRequest", protocol.initialize("1.0")),
        ("NewSessionRequest", {"cwd": "/w", "mcpServers": []}),
        ("ResumeSessionRequest", {"sessionId": "s", "cwd": "/w", "mcpServers": []}),
        ("LoadSessionRequest", {"sessionId": "s", "cwd": "/w", "mcpServers": []}),
        ("PromptRequest", {"sessionId": "s", "prompt": protocol.text("hello")}),
        ("CancelNotification", {"sessionId": "s"}),
        ("SetSessionModeRequest", {"sessionId": "s", "modeId": "code"}),
        ("SetSessionConfigOptionRequest", {"sessionId": "s", "configId": "m", "value": "x"}),
        ("RequestPermissionResponse", protocol.CANCELED),
        ("RequestPermissionResponse", protocol.selected("allow")),
    ]
    for name, params in said:
        schema = {"$ref": f"#/$defs/{name}", "$defs": definitions}
        jsonschema.Draft202012Validator(schema).validate(params)


def _constants(definition: dict[str, Any]) -> set[str]:
    return {each["const"] for each in definition["oneOf"] if "const" in each}


def test_the_words_that_are_acted_on_are_of_the_schema(definitions: dict[str, Any]) -> None:
    assert set(told.OUTCOMES) | {"cancelled"} == _constants(definitions["StopReason"])
    kinds = _constants(definitions["PermissionOptionKind"])
    assert {protocol.ALLOW_ONCE, protocol.REJECT_ONCE} <= kinds
