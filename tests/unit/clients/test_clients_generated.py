"""The typed methods that are made from the contract."""

import inspect
from importlib import import_module
from importlib.resources import files
from typing import Any

import msgspec
import pytest

from penholder._generated import KEYED, METHODS, AsyncRooms, Rooms
from penholder_daemon.generate import clients
from penholder_daemon.generate.python_types import decoder_name, param_type, result_type
from penholder_daemon.rooms import build_registry

_WORKER = {"$ref": "#/components/schemas/Worker"}
_NULL = {"type": "null"}


def _documented() -> list[dict[str, Any]]:
    text = files("penholder_protocol").joinpath("openrpc.json").read_bytes()
    return list(msgspec.json.decode(text)["methods"])


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string", "maxLength": 9}, "str"),
        ({"anyOf": [{"type": "integer"}, {"enum": ["now"]}, _NULL]}, 'int | Literal["now"] | None'),
        ({"type": "array", "items": {"type": "string"}}, "Sequence[str]"),
        ({"type": "array", "items": _WORKER}, "Sequence[nouns.Worker | Mapping[str, object]]"),
        ({"anyOf": [_WORKER, _NULL]}, "nouns.Worker | None"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "Mapping[str, str]"),
        ({"type": "object"}, "JsonObject"),
        ({"description": "Any JSON value."}, "object"),
    ],
)
def test_annotations_of_params(schema: dict[str, object], expected: str) -> None:
    assert param_type(schema) == expected


@pytest.mark.parametrize(
    ("schema", "hint", "name"),
    [
        (_WORKER, "nouns.Worker", "_WORKER"),
        ({"anyOf": [_WORKER, _NULL]}, "nouns.Worker | None", "_WORKER_NONE"),
        (
            {"$ref": "#/components/schemas/Page_SessionSummary_"},
            "nouns.Page[nouns.SessionSummary]",
            "_PAGE_SESSION_SUMMARY",
        ),
        ({"type": "array", "items": _WORKER}, "list[nouns.Worker]", "_LIST_WORKER"),
        ({"type": "object"}, "dict[str, object]", "_DICT_STR_OBJECT"),
    ],
)
def test_annotations_of_results(schema: dict[str, object], hint: str, name: str) -> None:
    assert (result_type(schema), decoder_name(schema)) == (hint, name)


def test_what_is_checked_in_is_not_stale() -> None:
    package = files("penholder._generated")
    for path, text in clients.render(build_registry()).items():
        assert package.joinpath(path.name).read_text("utf-8") == text, path


@pytest.mark.parametrize(("rooms", "prefix"), [(Rooms, ""), (AsyncRooms, "Async")])
def test_every_method_is_there(rooms: type, prefix: str) -> None:
    for method in _documented():
        room, _, verb = method["name"].partition(".")
        assert hasattr(rooms, room)
        module = import_module(f"penholder._generated.{room}")
        function = getattr(getattr(module, f"{prefix}{room.capitalize()}Calls"), verb)
        parameters = dict(inspect.signature(function).parameters)
        del parameters["self"]
        assert set(parameters) == {param["name"] for param in method["params"]}
        assert all(each.kind is each.KEYWORD_ONLY for each in parameters.values())
        assert function.__doc__.startswith(method["summary"])


def test_the_tables_are_of_the_documented_methods() -> None:
    documented = {method["name"]: method for method in _documented()}
    assert set(documented) == METHODS
    assert {name for name, each in documented.items() if each["x-kind"] == "mutation"} <= KEYED
