"""JSON Schema in words, as far as the contract uses it, for the reference pages."""

import json
from collections.abc import Callable
from typing import TypeAlias

Schema: TypeAlias = dict[str, object]
Link: TypeAlias = Callable[[str], str]
"""Makes a link of a record's name."""

_MAX_INTEGER = (1 << 63) - 1


def words(schema: Schema, link: Link) -> str:
    """Say in a few words which values a schema takes."""
    if reference := schema.get("$ref"):
        return link(str(reference).rpartition("/")[2])
    if members := _list(schema, "anyOf"):
        return " or ".join(words(each, link) for each in members)
    if values := schema.get("enum"):
        assert isinstance(values, list)
        return " or ".join(f"`{json.dumps(value, ensure_ascii=False)}`" for value in values)
    kind = schema.get("type")
    if kind == "array":
        return f"array{_counted(schema, 'Items')} of {words(_part(schema, 'items'), link)}"
    if kind == "object":
        values_schema = _part(schema, "additionalProperties")
        return f"object of {words(values_schema, link)}" if values_schema else "object"
    if kind == "string":
        return f"string{_counted(schema, 'Length')}"
    if kind == "integer":
        return f"integer{_range(schema)}"
    return str(kind) if kind else "any value"


def default(schema: Schema) -> str:
    """Say what stands for a param that is left out; empty if it must be given."""
    if "default" not in schema:
        return ""
    return f"`{json.dumps(schema['default'], ensure_ascii=False)}`"


def description(schema: Schema) -> str:
    """Return the first description that a schema or one of its alternatives has."""
    found = [schema, *_list(schema, "anyOf")]
    return next((str(each["description"]) for each in found if "description" in each), "")


def _counted(schema: Schema, of: str) -> str:
    low, high = schema.get(f"min{of}"), schema.get(f"max{of}")
    if high is None:
        return ""
    return f" ({low}…{high})" if low else f" (up to {high})"


def _range(schema: Schema) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is None:
        return ""
    if high is None or high == _MAX_INTEGER:
        return f" (from {low})"
    return f" ({low}…{high})"


def _list(schema: Schema, key: str) -> list[Schema]:
    found = schema.get(key)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _part(schema: Schema, key: str) -> Schema:
    found = schema.get(key)
    return found if isinstance(found, dict) else {}
