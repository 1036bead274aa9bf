"""The types of the TypeScript client: records, params, a map of all methods, a class for each room.

Made from the OpenRPC document alone. What sends and receives is written by hand beside it, in
`clients/typescript/src`.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import PurePosixPath
from textwrap import indent

import msgspec

from penholder_daemon.core.registry import Registry
from penholder_daemon.generate import openrpc
from penholder_daemon.generate.clients import Method
from penholder_daemon.generate.python_types import Schema
from penholder_daemon.generate.typescript_types import doc, interface, members, type_of
from penholder_protocol.limits import DEFAULT_WAIT_MS, MAX_FRAME_BYTES, MAX_VALUE_DEPTH

PATH = PurePosixPath("clients/typescript/src/generated.ts")
_HEAD = """\
/**
 * What the daemon takes and answers, as types, and its rooms as classes.
 *
 * Made by `python -m penholder_daemon.generate`; do not edit.
 */

export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;
export type JsonObject = { [key: string]: JsonValue };

/** A part of a list: `items`, and in `next` the cursor for the following page, or null. */
export interface Page<T> {
  items: T[];
  next: string | null;
}
"""
_CALLER = """\
/** What the rooms call through. */
export interface Caller {
  ask<M extends MethodName>(
    method: M,
    params: Methods[M]["params"],
  ): Promise<Methods[M]["result"]>;
}
"""


class _Error(msgspec.Struct):
    data: dict[str, object]


class _Failing(msgspec.Struct):
    errors: list[_Error]


class _Components(msgspec.Struct):
    schemas: dict[str, Schema]


class _Document(msgspec.Struct):
    methods: list[Method]
    components: _Components


class _Failures(msgspec.Struct):
    methods: list[_Failing]


def render(registry: Registry) -> dict[PurePosixPath, str]:
    """Return the text of the one generated module."""
    document = openrpc.document(registry)
    found = msgspec.convert(document, _Document)
    failing = msgspec.convert(document, _Failures).methods
    methods = sorted(found.methods, key=lambda each: each.name)
    rooms = {name: list(own) for name, own in groupby(methods, lambda each: each.room)}
    parts = [
        _HEAD,
        *_records(found.components.schemas),
        *(_params(each) for each in methods if each.params),
        _map(methods),
        _codes(failing),
        _names("METHODS", "Methods of this release.", [each.name for each in methods]),
        _keyed(methods),
        _tokened(methods),
        _names("WAITS", "Methods that wait, for `timeout_ms`.", _waits(methods)),
        _limits(),
        _CALLER,
        *(_room(name, own) for name, own in rooms.items()),
        _rooms(rooms),
    ]
    return {PATH: "\n".join(parts)}


# --- types -------------------------------------------------------------------------------------
def _records(schemas: Mapping[str, Schema]) -> Iterable[str]:
    return [interface(name, each) for name, each in schemas.items() if not name.endswith("_")]


def _params(method: Method) -> str:
    fields = {
        param.name: (param.schema, not method.may_leave_out(param)) for param in method.params
    }
    return doc(f"Params of {method.name}.") + members(_exported(method), fields)


def _exported(method: Method) -> str:
    return f"export interface {_params_name(method)}"


def _params_name(method: Method) -> str:
    if not method.params:
        return "Record<string, never>"
    words = method.name.replace(".", "_").split("_")
    return "".join(word.capitalize() for word in words) + "Params"


def _map(methods: Sequence[Method]) -> str:
    lines = "".join(
        f'  "{each.name}": {{ params: {_params_name(each)}; result: {_result(each)} }};\n'
        for each in methods
    )
    return (
        "/** Every method that this release knows. */\n"
        f"export interface Methods {{\n{lines}}}\n\n"
        "export type MethodName = keyof Methods;\n"
    )


def _result(method: Method) -> str:
    return type_of(method.result.schema)


def _codes(methods: Iterable[_Failing]) -> str:
    codes = sorted({str(error.data["code"]) for each in methods for error in each.errors})
    lines = "".join(f'\n  | "{code}"' for code in codes)
    return f"/** Every `data.code` that a method can answer. */\nexport type ErrorCode ={lines};\n"


def _keyed(methods: Iterable[Method]) -> str:
    keyed = [
        each.name
        for each in methods
        if any(param.name == "idempotency_key" for param in each.params)
    ]
    return _names("KEYED", "Methods that take an idempotency key.", keyed)


def _tokened(methods: Iterable[Method]) -> str:
    about = "Methods that take a token of the caller's own, and can then be answered again."
    return _names("TOKENED", about, [each.name for each in methods if each.takes_token])


def _waits(methods: Iterable[Method]) -> list[str]:
    return [each.name for each in methods if each.kind in ("wait", "claim")]


def _names(constant: str, about: str, names: Iterable[str]) -> str:
    lines = "".join(f'  "{name}",\n' for name in names)
    return (
        f"/** {about} */\n"
        f"export const {constant}: ReadonlySet<string> = new Set<MethodName>([\n{lines}]);\n"
    )


def _limits() -> str:
    return (
        "/** What the daemon reads and how long it waits, where nothing else is said. */\n"
        f"export const MAX_FRAME_BYTES = {MAX_FRAME_BYTES};\n"
        f"export const MAX_VALUE_DEPTH = {MAX_VALUE_DEPTH};\n"
        f"export const DEFAULT_WAIT_MS = {DEFAULT_WAIT_MS};\n"
    )


# --- rooms -------------------------------------------------------------------------------------
def _room(room: str, methods: Sequence[Method]) -> str:
    head = (
        f"/** The {room} room. */\n"
        f"export class {room.capitalize()}Calls {{\n"
        "  readonly #caller: Caller;\n\n"
        "  constructor(caller: Caller) {\n"
        "    this.#caller = caller;\n"
        "  }\n"
    )
    return head + "".join("\n" + indent(_function(each), "  ") for each in methods) + "}\n"


def _function(method: Method) -> str:
    said = doc(f"{method.summary}\n\n{method.description}")
    return (
        f"{said}{_camel(method.verb)}({_signature(method)}): Promise<{_result(method)}> {{\n"
        f'  return this.#caller.ask("{method.name}", {"params" if method.params else "{}"});\n'
        "}\n"
    )


def _signature(method: Method) -> str:
    if not method.params:
        return ""
    is_optional = all(method.may_leave_out(each) for each in method.params)
    return f"params: {_params_name(method)}{' = {}' if is_optional else ''}"


def _camel(verb: str) -> str:
    first, *others = verb.split("_")
    return first + "".join(each.capitalize() for each in others)


def _rooms(rooms: Iterable[str]) -> str:
    fields = "".join(f"  readonly {room} = new {room.capitalize()}Calls(this);\n" for room in rooms)
    return (
        "/** The rooms as fields of a client. */\n"
        "export abstract class Rooms implements Caller {\n"
        f"{fields}\n"
        "  abstract ask<M extends MethodName>(\n"
        "    method: M,\n"
        '    params: Methods[M]["params"],\n'
        '  ): Promise<Methods[M]["result"]>;\n'
        "}\n"
    )
