"""JSON Schema of the contract: params and results against openrpc.json."""

from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

Document = dict[str, Any]
_HOME = "urn:penholder:openrpc"


class Checker:
    """Validates values against schemas that stand anywhere in one OpenRPC document."""

    def __init__(self, document: Document) -> None:
        """Let `#/components/schemas/…` be found."""
        resource: Resource[Any] = Resource.from_contents(document, DRAFT202012)
        self._registry: Registry[Any] = Registry().with_resource(_HOME, resource)

    def complaints(self, schema: Document, value: object) -> list[str]:
        """Return what is wrong with a value."""
        placed = {"$id": _HOME + ":part", "allOf": [_absolute(schema)]}
        validator = Draft202012Validator(placed, registry=self._registry)
        return [
            f"{'/'.join(map(str, error.absolute_path))}: {error.message}"
            for error in validator.iter_errors(value)
        ]


def params_schema(method: Document) -> Document:
    """Make one schema of a method's params, by name; nothing else may be given."""
    return {
        "type": "object",
        "properties": {param["name"]: param["schema"] for param in method["params"]},
        "required": [param["name"] for param in method["params"] if param["required"]],
        "additionalProperties": False,
    }


def _absolute(schema: Any) -> Any:
    """Point references into the document, wherever the schema itself is placed."""
    if isinstance(schema, dict):
        return {
            key: _HOME + value if key == "$ref" else _absolute(value)
            for key, value in schema.items()
        }
    return [_absolute(each) for each in schema] if isinstance(schema, list) else schema
