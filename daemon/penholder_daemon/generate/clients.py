"""The typed clients: for each room a class whose calls block and one whose calls are awaited.

Made from the OpenRPC document alone, as a client of another language would be. `_generated/` holds
a module for each room, and in its `__init__` what the clients must know of every method and the
room attributes, which import their room when first used.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import PurePosixPath
from textwrap import indent

import msgspec

from penholder_daemon.core.registry import Registry
from penholder_daemon.generate import openrpc
from penholder_daemon.generate.python_types import Schema, decoder_name, param_type, result_type

DIRECTORY = PurePosixPath("clients/penholder/_generated")
_MADE = "Made by `python -m penholder_daemon.generate`; do not edit."
_SHORT_CHARACTERS = 50
"""What fits on one line beside the rest of it."""
_BESIDE = {
    "ControllerCalls": ("penholder._blocking.owned", "Owning"),
    "AsyncControllerCalls": ("penholder._awaited.owned", "AsyncOwning"),
}
"""What a room has that is no method: the module of its base class, and its name."""


class Param(msgspec.Struct):
    """A param as the document describes it."""

    name: str
    required: bool
    schema: Schema


class Result(msgspec.Struct):
    """A result as the document describes it."""

    schema: Schema


class Method(
    msgspec.Struct,
    rename={
        "kind": "x-kind",
        "sockets": "x-sockets",
        "secret": "x-secret",
        "identity": "x-identity",
    },
):
    """A method as the document describes it."""

    name: str
    summary: str
    description: str
    params: list[Param]
    result: Result
    kind: str
    sockets: list[str]
    secret: bool
    identity: list[str]

    @property
    def takes_token(self) -> bool:
        """Tell whether the caller may bring the secret that the answer would hold."""
        return self.secret and any(param.name == "token" for param in self.params)

    @property
    def room(self) -> str:
        """The part before the dot."""
        return self.name.partition(".")[0]

    @property
    def verb(self) -> str:
        """The part after the dot."""
        return self.name.partition(".")[2]

    def may_leave_out(self, param: Param) -> bool:
        """Tell whether a call need not give it: a worker is known by its own runtime socket."""
        return not param.required or param.name in self.identity


class _Document(msgspec.Struct):
    methods: list[Method]


def render(registry: Registry) -> dict[PurePosixPath, str]:
    """Return the text of every module of `_generated`."""
    document = openrpc.document(registry)
    methods = msgspec.convert(document, _Document).methods
    modules = {DIRECTORY / "__init__.py": _index(methods)}
    for room, found in groupby(sorted(methods, key=lambda each: each.room), lambda each: each.room):
        modules[DIRECTORY / f"{room}.py"] = _room(room, list(found))
    return modules


# --- one room --------------------------------------------------------------------------------
def _room(room: str, methods: Sequence[Method]) -> str:
    decoders = {
        decoder_name(each.result.schema): result_type(each.result.schema) for each in methods
    }
    constants = "".join(
        f"{name}: Final[Decoder[{hint}]] = Decoder({hint})\n"
        for name, hint in sorted(decoders.items())
    )
    classes = _class(room, methods, is_async=False) + "\n\n" + _class(room, methods, is_async=True)
    body = f"{constants}\n\n{classes}"
    return f'"""The calls of the {room} room. {_MADE}"""\n\n{_imports(body)}\n\n{body}'


def _imports(body: str) -> str:
    def line(module: str, *names: str) -> str:
        used = [name for name in names if re.search(rf"\b{name}\b", body)]
        return f"from {module} import {', '.join(used)}\n" if used else ""

    return (
        line("collections.abc", "Mapping", "Sequence")
        + line("typing", "Final", "Literal")
        + "\n"
        + line("msgspec", "UNSET", "UnsetType")
        + line("msgspec.json", "Decoder")
        + "\n"
        + "".join(line(module, base) for module, base in sorted(_BESIDE.values()))
        + line("penholder._callers", "AsyncCaller", "Caller", "JsonObject")
        + line("penholder_protocol", "nouns")
    )


def _class(room: str, methods: Sequence[Method], *, is_async: bool) -> str:
    prefix, adverb = ("Async", "awaited") if is_async else ("", "blocking")
    called = f"{prefix}{room.capitalize()}Calls"
    bases = f"({_BESIDE[called][1]})" if called in _BESIDE else ""
    head = (
        f"class {called}{bases}:\n"
        f'    """The {room} room, {adverb}."""\n\n'
        '    __slots__ = ("_client",)\n\n'
        f"    def __init__(self, client: {prefix}Caller) -> None:\n"
        '        """Call through a client."""\n'
        "        self._client = client\n"
    )
    return head + "".join("\n" + indent(_function(each, is_async), "    ") for each in methods)


def _function(method: Method, is_async: bool) -> str:
    word, wait = ("async def", "await ") if is_async else ("def", "")
    result, decoder = result_type(method.result.schema), decoder_name(method.result.schema)
    pairs = [f'"{each.name}": {each.name}' for each in method.params]
    params = f"{{{', '.join(pairs)}}}"
    if len(params) > _SHORT_CHARACTERS:
        params = "{\n" + "".join(f"        {each},\n" for each in pairs) + "    }"
    return (
        f"{word} {method.verb}({_signature(method)}) -> {result}:\n"
        f"{indent(_docstring(method), '    ')}"
        f'    return {wait}self._client.ask("{method.name}", {params}, {decoder})\n'
    )


def _signature(method: Method) -> str:
    needed = [each for each in method.params if not method.may_leave_out(each)]
    others = [each for each in method.params if method.may_leave_out(each)]
    params = [f"{each.name}: {param_type(each.schema)}" for each in needed]
    params += [f"{each.name}: {_optional(each)}" for each in others]
    if not params:
        return "self"
    if len(short := ", ".join(["self", "*", *params])) < _SHORT_CHARACTERS:
        return short
    return "".join(f"\n    {each}," for each in ["self", "*", *params]) + "\n"


def _optional(param: Param) -> str:
    if param.name == "idempotency_key":
        return "str | None = None"
    return f"{param_type(param.schema)} | UnsetType = UNSET"


def _docstring(method: Method) -> str:
    text = f"{method.summary}\n\n{method.description}".strip().replace("\\", "\\\\")
    closing = '"""\n' if "\n" not in text else '\n"""\n'
    return f'"""{text}{closing}'


# --- what is common to all rooms ---------------------------------------------------------------
def _index(methods: Sequence[Method]) -> str:
    rooms = sorted({each.room for each in methods})
    keyed = [
        each.name
        for each in methods
        if any(param.name == "idempotency_key" for param in each.params)
    ]
    tokened = [each.name for each in methods if each.takes_token]
    waits = [each.name for each in methods if each.kind in ("wait", "claim")]
    return (
        f'"""Every method and room that this release knows. {_MADE}"""\n\n'
        "from functools import cached_property\n"
        "from typing import TYPE_CHECKING, Final\n\n"
        "from penholder._callers import AsyncCaller, Caller\n\n"
        f"if TYPE_CHECKING:\n{''.join(_room_import(room) for room in rooms)}\n"
        + _names("METHODS", (each.name for each in methods))
        + '"""Every method."""\n'
        + _names("KEYED", keyed)
        + '"""Methods that take an idempotency key."""\n'
        + _names("TOKENED", tokened)
        + '"""Methods that take a token of the caller\'s own, and can then be answered again."""\n'
        + _names("WAITS", waits)
        + '"""Methods that may take as long as their timeout_ms."""\n\n\n'
        + _rooms(rooms, "")
        + "\n\n"
        + _rooms(rooms, "Async")
    )


def _names(constant: str, names: Iterable[str]) -> str:
    lines = "".join(f'    "{name}",\n' for name in sorted(names))
    return f"{constant}: Final = frozenset({{\n{lines}}})\n"


def _room_import(room: str) -> str:
    name = f"{room.capitalize()}Calls"
    return f"    from penholder._generated.{room} import Async{name}, {name}\n"


def _rooms(rooms: Sequence[str], prefix: str) -> str:
    head = f'class {prefix}Rooms({prefix}Caller):\n    """The rooms as attributes of a client."""\n'
    return head + "".join(
        f"\n    @cached_property\n"
        f'    def {room}(self) -> "{prefix}{room.capitalize()}Calls":\n'
        f'        """The {room} room."""\n'
        f"        from penholder._generated.{room} import {prefix}{room.capitalize()}Calls\n\n"
        f"        return {prefix}{room.capitalize()}Calls(self)\n"
        for room in rooms
    )
