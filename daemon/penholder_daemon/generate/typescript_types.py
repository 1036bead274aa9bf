"""JSON Schema to TypeScript types, as far as the contract uses it."""

import json
import re
from textwrap import indent

from penholder_daemon.generate.python_types import Schema
from penholder_daemon.generate.schema_words import description

_SCALARS = {
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "null": "null",
}


def type_of(schema: Schema) -> str:
    """Return the type of the values that a schema takes."""
    if reference := schema.get("$ref"):
        return _record(str(reference).rpartition("/")[2])
    if isinstance(members := schema.get("anyOf"), list):
        return " | ".join(dict.fromkeys(type_of(each) for each in members))
    if isinstance(values := schema.get("enum"), list):
        return " | ".join(json.dumps(value) for value in values)
    if schema.get("type") == "array":
        items = type_of(_inner(schema, "items"))
        return f"({items})[]" if " | " in items else f"{items}[]"
    if schema.get("type") == "object":
        values = _inner(schema, "additionalProperties")
        return f"Record<string, {type_of(values)}>" if values else "JsonObject"
    return _SCALARS.get(str(schema.get("type")), "JsonValue")


def interface(name: str, schema: Schema) -> str:
    """Return an interface: what need not be there is optional."""
    required = schema.get("required")
    needed = required if isinstance(required, list) else []
    fields = {field: (found, field in needed) for field, found in _fields(schema).items()}
    return doc(description(schema)) + members(f"export interface {name}", fields)


def members(head: str, fields: dict[str, tuple[Schema, bool]]) -> str:
    """Return a braced list of fields; each is a schema, and whether it must be there."""
    lines = "".join(
        f"{doc(description(schema))}{name}{'' if needed else '?'}: {type_of(schema)};\n"
        for name, (schema, needed) in fields.items()
    )
    return f"{head} {{\n{indent(lines, '  ')}}}\n"


def doc(text: str) -> str:
    """Return a comment in the way of JSDoc; empty where there is nothing to say."""
    lines = [line.strip() for line in text.strip().replace("*/", "*\\/").split("\n")]
    if lines == [""]:
        return ""
    if len(lines) == 1:
        return f"/** {lines[0]} */\n"
    return "/**\n" + "".join(f" * {line}".rstrip() + "\n" for line in lines) + " */\n"


def _record(name: str) -> str:
    """`Page_Worker_` is how msgspec spells `Page[Worker]` in a schema."""
    generic = re.fullmatch(r"(\w+?)_(\w+)_", name)
    return f"{generic[1]}<{generic[2]}>" if generic else name


def _fields(schema: Schema) -> dict[str, Schema]:
    found = schema.get("properties")
    return found if isinstance(found, dict) else {}


def _inner(schema: Schema, key: str) -> Schema:
    found = schema.get(key)
    return found if isinstance(found, dict) else {}
