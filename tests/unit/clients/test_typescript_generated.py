"""The TypeScript types that are made from the contract."""

import re

import pytest

from penholder_daemon.generate import typescript
from penholder_daemon.generate.typescript_types import doc, interface, type_of
from penholder_daemon.rooms import build_registry

_WORKER = {"$ref": "#/components/schemas/Worker"}
_NULL = {"type": "null"}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string", "maxLength": 9}, "string"),
        ({"type": "integer"}, "number"),
        ({"anyOf": [{"type": "integer"}, {"enum": ["now"]}, _NULL]}, 'number | "now" | null'),
        ({"type": "array", "items": _WORKER}, "Worker[]"),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, '("a" | "b")[]'),
        ({"anyOf": [_WORKER, _NULL]}, "Worker | null"),
        ({"$ref": "#/components/schemas/Page_SessionSummary_"}, "Page<SessionSummary>"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "Record<string, string>"),
        ({"type": "object"}, "JsonObject"),
        ({"description": "Any JSON value."}, "JsonValue"),
    ],
)
def test_types(schema: dict[str, object], expected: str) -> None:
    assert type_of(schema) == expected


def test_what_need_not_be_there_is_optional() -> None:
    schema: dict[str, object] = {
        "description": "One.",
        "properties": {"a": {"type": "string", "description": "A."}, "b": {"type": "null"}},
        "required": ["a"],
    }
    assert interface("One", schema) == (
        "/** One. */\nexport interface One {\n  /** A. */\n  a: string;\n  b?: null;\n}\n"
    )


def test_a_comment_is_not_ended_by_what_it_says() -> None:
    assert doc("topic:*/x") == "/** topic:*\\/x */\n"
    assert doc("one\n\n  two") == "/**\n * one\n *\n * two\n */\n"
    assert doc("") == ""


def test_every_method_and_record_is_there() -> None:
    registry = build_registry()
    [text] = typescript.render(registry).values()
    for method in registry.public:
        assert text.count(f'  "{method.name}": {{ params: ') == 1
        assert text.count(f'.ask("{method.name}", ') == 1
    names = re.findall(r"^export (?:interface|class|type) (\w+)", text, re.MULTILINE)
    assert len(names) == len(set(names))
    assert {"Worker", "Page", "EntriesNotice", "WorkerTransitionParams", "ErrorCode"} <= set(names)
