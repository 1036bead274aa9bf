"""The reference pages: a page for each room, the records, every error, every limit.

Made from the OpenRPC document, as the clients are; examples are those that the contract tests
carry out and keep.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import PurePosixPath
from typing import TypeAlias

import msgspec

from penholder_daemon.core.registry import Registry
from penholder_daemon.generate import openrpc, tables
from penholder_daemon.generate.schema_words import Schema, default, description, words

DIRECTORY = PurePosixPath("docs/reference")
_MADE = "<!-- Made by `python -m penholder_daemon.generate`; do not edit. -->"
_MAX_EXAMPLE_CHARACTERS = 2500
"""Longer answers (of rpc.hello, rpc.discover) would bury the page."""

Examples: TypeAlias = Mapping[str, "Example"]


class Example(msgspec.Struct):
    """One call as the contract tests made it."""

    socket: str
    params: dict[str, object]
    result: object


class _Error(msgspec.Struct):
    code: int
    data: dict[str, object]


class _Param(msgspec.Struct):
    name: str
    required: bool
    schema: Schema


class _Result(msgspec.Struct):
    schema: Schema


class _Method(
    msgspec.Struct,
    rename={"kind": "x-kind", "sockets": "x-sockets", "identity": "x-identity"},
):
    name: str
    summary: str
    description: str
    params: list[_Param]
    result: _Result
    errors: list[_Error]
    identity: list[str]
    kind: str
    sockets: list[str]

    @property
    def room(self) -> str:
        return self.name.partition(".")[0]


class _Components(msgspec.Struct):
    schemas: dict[str, Schema]


class _Document(msgspec.Struct):
    methods: list[_Method]
    components: _Components


def render(registry: Registry, examples: Examples) -> dict[PurePosixPath, str]:
    """Return the text of every page."""
    document = msgspec.convert(openrpc.document(registry), _Document)
    rooms = {room: list(found) for room, found in groupby(document.methods, lambda each: each.room)}
    pages = {
        DIRECTORY / f"{room}.md": _room(room, methods, examples) for room, methods in rooms.items()
    }
    pages[DIRECTORY / "README.md"] = _index(rooms)
    pages[DIRECTORY / "records.md"] = _records(document.components.schemas)
    pages[PurePosixPath("docs/errors.md")] = f"{_MADE}\n\n{tables.errors()}"
    pages[PurePosixPath("docs/limits.md")] = f"{_MADE}\n\n{tables.limits()}"
    return pages


# --- pages -----------------------------------------------------------------------------------
def _index(rooms: Mapping[str, Sequence[_Method]]) -> str:
    lines = [_MADE, "", "# Reference", "", "Every method, by room.", ""]
    for room, methods in rooms.items():
        lines += [f"## [{room}]({room}.md)", ""]
        lines += [
            f"- [`{each.name}`]({room}.md#{_anchor(each.name)}): {each.summary}" for each in methods
        ]
        lines.append("")
    lines += [
        "Beside them: [records](records.md), [errors](../errors.md), [limits](../limits.md),"
        " [the protocol](../protocol.md).",
        "",
    ]
    return "\n".join(lines)


def _room(room: str, methods: Iterable[_Method], examples: Examples) -> str:
    parts = [_MADE, "", f"# {room}", ""]
    for method in methods:
        parts += _method(method, examples.get(method.name))
    return "\n".join(parts).rstrip() + "\n"


def _method(method: _Method, example: Example | None) -> list[str]:
    served = " and ".join(f"the {socket} socket" for socket in method.sockets)
    lines = [f"## {method.name}", "", method.summary, ""]
    if method.description:
        lines += [method.description, ""]
    lines += [f"A {_KINDS[method.kind]}, served on {served}.", "", *_params(method)]
    lines += [f"Answers {words(method.result.schema, _record_link)}.", "", _errors(method), ""]
    return lines + _example(method.name, example)


_KINDS = {
    "mutation": "mutation",
    "query": "query",
    "wait": "wait (a long poll)",
    "claim": "mutation that waits (a long poll) until there is something to do",
    "local": "call that the connection itself answers",
}


def _params(method: _Method) -> list[str]:
    if not method.params:
        return ["No params.", ""]
    rows = [
        f"| `{param.name}` | {_escaped(words(param.schema, _record_link))} |"
        f" {'required' if param.required else default(param.schema)} |"
        f" {_escaped(_note(method, param))} |"
        for param in method.params
    ]
    return ["| param | type | default | |", "|---|---|---|---|", *rows, ""]


def _note(method: _Method, param: _Param) -> str:
    if param.name in method.identity:
        own = "On the runtime socket it may be left out and names no other worker."
        return f"{description(param.schema)} {own}".strip()
    if param.name == "fence":
        return "The controller's; not on the runtime socket, where the seat is the fence."
    return description(param.schema)


def _errors(method: _Method) -> str:
    named = [
        f"[`{error.data['code']}`](../errors.md#{_anchor(str(error.data['code']))}) ({error.code})"
        for error in method.errors
    ]
    return f"Errors: {', '.join(named)}."


def _example(name: str, example: Example | None) -> list[str]:
    if example is None:
        return []
    call = {"jsonrpc": "2.0", "id": 1, "method": name, "params": example.params}
    answer = json.dumps(example.result, ensure_ascii=False, indent=2)
    lines = [
        f"On the {example.socket} socket:",
        "",
        "```json",
        json.dumps(call, ensure_ascii=False),
    ]
    lines += ["```", ""]
    if len(answer) <= _MAX_EXAMPLE_CHARACTERS:
        lines += ["answers", "", "```json", answer, "```", ""]
    return lines


def _records(schemas: Mapping[str, Schema]) -> str:
    lines = [_MADE, "", "# Records", "", "Every field is always there; absent is `null`.", ""]
    for name, schema in schemas.items():
        lines += [f"## {_title(name)}", "", description(schema), "", *_fields(schema)]
    return "\n".join(lines).rstrip() + "\n"


def _fields(schema: Schema) -> list[str]:
    properties = schema.get("properties")
    if not isinstance(properties, dict) or not properties:
        return []
    rows = [
        f"| `{name}` | {_escaped(words(field, _own_link))} | {_escaped(description(field))} |"
        for name, field in properties.items()
    ]
    return ["| field | type | |", "|---|---|---|", *rows, ""]


# --- links -----------------------------------------------------------------------------------
def _title(name: str) -> str:
    """`Page_Worker_` is how msgspec spells `Page[Worker]` in a schema."""
    outer, _, inner = name.strip("_").partition("_")
    return f"{outer} of {inner}" if inner else outer


def _own_link(name: str) -> str:
    return f"[{_title(name)}](#{_anchor(_title(name))})"


def _record_link(name: str) -> str:
    return f"[{_title(name)}](records.md#{_anchor(_title(name))})"


def _anchor(heading: str) -> str:
    """Return the anchor that renderers of Markdown give a heading."""
    kept = (each for each in heading.lower() if each.isalnum() or each in " _-")
    return "".join(kept).replace(" ", "-")


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
