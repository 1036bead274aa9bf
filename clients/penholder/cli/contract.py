"""The contract as the command line reads it: rooms, verbs, params, from openrpc.json."""

from functools import cache
from pathlib import Path

import msgspec

import penholder_protocol

_REFERENCE = "#/components/schemas/"


class Schema(msgspec.Struct, frozen=True):
    """What of JSON Schema the contract uses."""

    type: str | None = None
    ref: str | None = msgspec.field(default=None, name="$ref")
    any_of: tuple["Schema", ...] = msgspec.field(default=(), name="anyOf")
    enum: tuple[str | int, ...] = ()
    description: str | None = None
    min_length: int | None = msgspec.field(default=None, name="minLength")
    max_length: int | None = msgspec.field(default=None, name="maxLength")
    pattern: str | None = None
    minimum: int | None = None
    maximum: int | None = None
    items: "Schema | None" = None
    min_items: int | None = msgspec.field(default=None, name="minItems")
    max_items: int | None = msgspec.field(default=None, name="maxItems")
    properties: dict[str, "Schema"] = {}
    default: msgspec.Raw = msgspec.Raw(b"")
    """JSON text; empty where a param must be given."""

    @property
    def choices(self) -> "tuple[Schema, ...]":
        """What a value may be, null left out."""
        return tuple(part for part in self.any_of if part.type != "null") or (self,)

    @property
    def nullable(self) -> bool:
        """Whether null is a value."""
        return any(part.type == "null" for part in self.any_of)

    @property
    def is_json(self) -> bool:
        """Whether its value is written as JSON text: objects, arrays, anything."""
        return not self.any_of and not self.enum and self.type in (None, "object", "array")

    @property
    def is_words(self) -> bool:
        """Whether its value is a list of plain strings."""
        return self.type == "array" and self.items is not None and self.items.type == "string"


class Param(msgspec.Struct, frozen=True):
    """One parameter of a method."""

    name: str
    required: bool
    schema: Schema

    @property
    def flag(self) -> str:
        """The parameter as it is written on the command line."""
        return "--" + self.name.replace("_", "-")


class ErrorData(msgspec.Struct, frozen=True):
    """The name of an error."""

    code: str


class ErrorLine(msgspec.Struct, frozen=True):
    """One error that a method can give."""

    code: int
    message: str
    data: ErrorData


class Result(msgspec.Struct, frozen=True):
    """What a method answers."""

    schema: Schema


class Method(msgspec.Struct, frozen=True):
    """One method of the daemon, and so one verb of a room."""

    name: str
    summary: str
    description: str
    params: tuple[Param, ...]
    result: Result
    errors: tuple[ErrorLine, ...]
    sockets: tuple[str, ...] = msgspec.field(name="x-sockets")
    kind: str = msgspec.field(default="", name="x-kind")
    """query, mutation, wait or local."""
    takes_fence: bool = msgspec.field(default=False, name="x-fence")
    identity: tuple[str, ...] = msgspec.field(default=(), name="x-identity")
    """Params that say who acts: on its own socket a worker need not give them."""

    @property
    def room(self) -> str:
        """The part before the dot."""
        return self.name.partition(".")[0]

    @property
    def verb(self) -> str:
        """The part after the dot, with dashes."""
        return self.name.partition(".")[2].replace("_", "-")

    def param(self, name: str) -> Param | None:
        """Find a parameter."""
        return next((param for param in self.params if param.name == name), None)


class _Components(msgspec.Struct, frozen=True):
    schemas: dict[str, Schema]


class Contract(msgspec.Struct, frozen=True):
    """All methods and the records that they answer."""

    methods: tuple[Method, ...]
    components: _Components

    def rooms(self) -> list[str]:
        """Name the rooms, in the order of the contract."""
        return list(dict.fromkeys(method.room for method in self.methods))

    def verbs(self, room: str) -> list[Method]:
        """Return the methods of a room, in the order of the contract."""
        return [method for method in self.methods if method.room == room]

    def resolve(self, schema: Schema) -> Schema:
        """Follow a reference to the record that it names."""
        return schema if schema.ref is None else self.components.schemas[self.record(schema)]

    def record(self, schema: Schema) -> str:
        """Name the record that a schema refers to, or nothing."""
        return (schema.ref or "").removeprefix(_REFERENCE)


@cache
def contract() -> Contract:
    """Read openrpc.json, as it was installed with the protocol."""
    path = Path(penholder_protocol.__file__).with_name("openrpc.json")
    return msgspec.json.decode(path.read_bytes(), type=Contract)
