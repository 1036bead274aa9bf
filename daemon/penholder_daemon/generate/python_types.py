"""JSON Schema to Python annotations, as far as the contract uses it."""

import re
from typing import TypeAlias

Schema: TypeAlias = dict[str, object]

_SCALARS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}


def param_type(schema: Schema, *, in_array: bool = False) -> str:
    """Return the annotation of a param: what is read-only for the client is enough.

    Records in arrays may be plain mappings too, since they are made for this one call.
    """
    if reference := schema.get("$ref"):
        noun = _noun(str(reference))
        return f"{noun} | Mapping[str, object]" if in_array else noun
    if members := _members(schema):
        return " | ".join(dict.fromkeys(param_type(each) for each in members))
    if schema.get("type") == "array":
        return f"Sequence[{param_type(_inner(schema, 'items'), in_array=True)}]"
    if schema.get("type") == "object":
        values = _inner(schema, "additionalProperties")
        return f"Mapping[str, {param_type(values)}]" if values else "JsonObject"
    return _scalar(schema)


def result_type(schema: Schema) -> str:
    """Return the annotation of a result, as msgspec decodes it."""
    if reference := schema.get("$ref"):
        return _noun(str(reference))
    if members := _members(schema):
        return " | ".join(dict.fromkeys(result_type(each) for each in members))
    if schema.get("type") == "array":
        return f"list[{result_type(_inner(schema, 'items'))}]"
    if schema.get("type") == "object":
        values = _inner(schema, "additionalProperties")
        return f"dict[str, {result_type(values) if values else 'object'}]"
    return _scalar(schema)


def decoder_name(schema: Schema) -> str:
    """Return the name of the constant that decodes this result."""
    words = re.findall(r"[A-Za-z0-9]+", result_type(schema).replace("nouns.", ""))
    return "_" + "_".join(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", word) for word in words).upper()


def _scalar(schema: Schema) -> str:
    if isinstance(values := schema.get("enum"), list):
        return f"Literal[{', '.join(_literal(value) for value in values)}]"
    return _SCALARS.get(str(schema.get("type")), "object")


def _literal(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _noun(reference: str) -> str:
    """`Page_Worker_` is how msgspec spells `Page[Worker]` in a schema."""
    name = reference.rpartition("/")[2]
    generic = re.fullmatch(r"(\w+?)_(\w+)_", name)
    return f"nouns.{generic[1]}[nouns.{generic[2]}]" if generic else f"nouns.{name}"


def _members(schema: Schema) -> list[Schema]:
    found = schema.get("anyOf")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _inner(schema: Schema, key: str) -> Schema:
    found = schema.get(key)
    return found if isinstance(found, dict) else {}
