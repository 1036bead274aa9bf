"""What is read of the protocol, and said in it, is what its schemas have."""

import hashlib
import json
from typing import Any

import jsonschema
import pytest

from penholder.cli.agent import dialects, protocol, told
from penholder.cli.agent.dialects import DIALECTS, Agent
from tests.helpers.acp import generate
from tests.helpers.acp.reading import V1, V2, VERSIONS, Version

SESSION: dict[str, object] = {"sessionId": "s", "cwd": "/w", "mcpServers": []}
SAID_IN_BOTH: list[tuple[str, object]] = [
    ("NewSessionRequest", {"cwd": "/w", "mcpServers": []}),
    ("ResumeSessionRequest", SESSION),
    ("PromptRequest", {"sessionId": "s", "prompt": protocol.text("hello")}),
    ("RequestPermissionResponse", protocol.CANCELED),
    ("RequestPermissionResponse", protocol.selected("allow")),
    ("InitializeRequest", dialects.initialize("1.0")),
]
SAID: list[tuple[Version, str, object]] = [
    *((version, *said) for version in VERSIONS for said in SAID_IN_BOTH),
    (V1, "InitializeRequest", dialects.initialize("1.0", 1)),
    (V1, "LoadSessionRequest", SESSION),
    (V1, "CancelNotification", {"sessionId": "s"}),
    (V2, "CancelSessionNotification", {"sessionId": "s"}),
    (V1, "SetSessionModeRequest", {"sessionId": "s", "modeId": "code"}),
    (V1, "SetSessionConfigOptionRequest", DIALECTS[1].setting("s", "m", "x")),
    (V2, "SetSessionConfigOptionRequest", DIALECTS[2].setting("s", "m", "x")),
    (V2, "PromptRequest", dialects.steer(Agent(2, steering="session/prompt"), "s", "left")),
    (V1, "PromptRequest", dialects.steer(Agent(1, steering="_session/steering"), "s", "left")),
]


def definitions(version: Version) -> dict[str, Any]:
    """Return the definitions of a schema."""
    found: dict[str, Any] = json.loads(version.schema.read_bytes())["$defs"]
    return found


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.module)
def test_the_schema_is_the_one_that_was_published(version: Version) -> None:
    assert hashlib.sha256(version.schema.read_bytes()).hexdigest() == version.sha256


def test_the_types_are_what_is_made_of_the_schemas() -> None:
    for path, text in generate.modules().items():
        assert path.read_text() == text, f"{path} is another; make generate"


def test_a_field_that_the_schema_has_not_is_refused() -> None:
    wrong = V1._replace(read={"Implementation": "name nickname"})

    with pytest.raises(SystemExit, match="Implementation of version 1 has no nickname"):
        generate.text_of(wrong)


@pytest.mark.parametrize(
    ("version", "name", "params"), SAID, ids=[f"{v.module}-{name}" for v, name, _ in SAID]
)
def test_what_is_said_holds_in_the_schema(version: Version, name: str, params: object) -> None:
    schema = {"$ref": f"#/$defs/{name}", "$defs": definitions(version)}
    jsonschema.Draft202012Validator(schema).validate(params)


def _constants(definition: dict[str, Any]) -> set[str]:
    return {each["const"] for each in definition["oneOf"] if "const" in each}


def test_the_words_that_are_acted_on_are_of_the_schema() -> None:
    stops = _constants(definitions(V1)["StopReason"])
    assert set(told.OUTCOMES) | {"cancelled"} == stops | {"error"}
    for version in VERSIONS:
        known = definitions(version)["PermissionOptionKind"]
        variants = known.get("oneOf", known.get("anyOf"))
        kinds = {each.get("const") for each in variants}
        assert {protocol.ALLOW_ONCE, protocol.REJECT_ONCE} <= kinds


def test_the_states_that_are_acted_on_are_of_the_schema() -> None:
    variants = definitions(V2)["StateUpdate"]["anyOf"]
    states = {each["properties"]["state"].get("const") for each in variants}
    assert states == {"running", "requires_action", "idle", None}
