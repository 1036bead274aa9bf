"""The OpenRPC document: the public contract as data.

The CLI, the clients of every language and the reference pages are made from it, never from the
rooms themselves. Beside what OpenRPC names, a method says:

- `x-kind`: mutation, query, wait, claim, local
- `x-sockets`: which serve it
- `x-fence`: it takes the fence of its controller
- `x-secret`: its answer may hold a secret, and is then not kept
- `x-control-only`: params that a runtime socket does not take
- `x-identity`: params that say who acts; on its own socket a worker may leave them out
"""

import inspect
from collections.abc import Iterator
from typing import TypeAlias

import msgspec

from penholder_daemon.core.caller import CONTROL, RUNTIME, SocketKind
from penholder_daemon.core.method import Kind, Method
from penholder_daemon.core.registry import Registry
from penholder_protocol import __version__, errors, nouns

Json: TypeAlias = dict[str, object]
_REFERENCE = "#/components/schemas/{name}"
_EVERYWHERE = (errors.InvalidParams, errors.Denied, errors.ValueTooLarge, errors.Busy)
_NOTICES = (
    nouns.EntriesNotice,
    nouns.LaggedNotice,
    nouns.PrunedNotice,
    nouns.FencedNotice,
)


def document(registry: Registry) -> Json:
    """Describe every method that a socket serves."""
    methods = registry.public
    hints = [hint for method in methods for hint in _hints(method)]
    # All at once, so that each record is described once and referred to from everywhere.
    schemas, components = msgspec.json.schema_components(
        [*hints, *_NOTICES], ref_template=_REFERENCE
    )
    # In the order of `_hints`, which `_method` takes them in.
    found = iter(schemas)
    return {
        "openrpc": "1.3.2",
        "info": {
            "title": "Penholder",
            "version": __version__,
            "description": "The only writer of a fleet's shared state, over Unix sockets:"
            " one JSON-RPC 2.0 message a line.",
            "license": {"name": "MIT"},
        },
        "methods": [_method(method, found) for method in methods],
        "components": {"schemas": dict(sorted(map(_dedented, components.items())))},
    }


def _dedented(component: tuple[str, Json]) -> tuple[str, Json]:
    """Clean a record's docstring: up to Python 3.12 it comes as indented as it was written."""
    name, schema = component
    if "description" in schema:
        schema = {**schema, "description": inspect.cleandoc(str(schema["description"]))}
    return name, schema


def render(registry: Registry) -> str:
    """Return the document as the text of openrpc.json."""
    return msgspec.json.format(msgspec.json.encode(document(registry)), indent=2).decode() + "\n"


def _hints(method: Method) -> Iterator[object]:
    for field in method.params_on(_described_socket(method)).fields:
        yield field.hint
    yield method.result_type


def _described_socket(method: Method) -> SocketKind:
    return CONTROL if CONTROL in method.sockets else method.sockets[0]


def _method(method: Method, schemas: Iterator[Json]) -> Json:
    summary, _, description = method.description.partition("\n")
    params = [
        _param(field.name, field.is_required, field.default, next(schemas))
        for field in method.params_on(_described_socket(method)).fields
    ]
    described: Json = {
        "name": method.name,
        "tags": [{"name": method.name.partition(".")[0]}],
        "summary": summary,
        "description": description.strip(),
        "paramStructure": "by-name",
        "params": params,
        "result": {"name": "result", "schema": next(schemas)},
        "errors": [_error(error) for error in errors_of(method)],
        "x-kind": method.kind.value,
        "x-sockets": list(method.sockets),
        "x-fence": method.fence is not None,
        "x-secret": method.if_lost is not None,
        "x-control-only": sorted(method.control_only),
        "x-identity": list(method.identity),
    }
    return described


def _param(name: str, required: bool, default: object, schema: Json) -> Json:
    if not required:
        schema = {**schema, "default": _plain(default)}
    return {"name": name, "required": required, "schema": schema}


def _plain(default: object) -> object:
    return msgspec.json.decode(msgspec.json.encode(default))


def errors_of(method: Method) -> list[type[errors.PenholderError]]:
    """Return every error that a method can give: those that it names, and those of its kind."""
    of_kind: list[type[errors.PenholderError]] = []
    writes = method.kind in (Kind.MUTATION, Kind.CLAIM)
    if RUNTIME in method.sockets and writes and method.seat:
        of_kind += [errors.NotAttached, errors.Fenced]
    if writes:
        of_kind += [errors.IdempotencyConflict, errors.MutationTooLarge]
    else:
        of_kind.append(errors.QueryTooCostly)
    if method.if_lost is not None:
        of_kind.append(errors.IdempotencyNotKept)
    return list(dict.fromkeys([*method.errors, *of_kind, *_EVERYWHERE, errors.StoreFailed]))


def _error(error: type[errors.PenholderError]) -> Json:
    return {
        "code": error.number,
        "message": (inspect.getdoc(error) or error.code).split("\n")[0],
        "data": {"code": error.code, "retryable": error.retryable},
    }
