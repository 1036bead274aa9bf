"""The OpenRPC document as a document: valid, complete, fresh."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

from penholder_daemon.generate.__main__ import ROOT, stale
from penholder_protocol.errors import ERRORS
from tests.helpers.harness import Bench
from tests.helpers.schemas import Document

HERE = Path(__file__).parent


def _meta(name: str) -> Document:
    found: Document = json.loads((HERE / name).read_text("utf-8"))
    return found


def _validator() -> Draft7Validator:
    """Validate OpenRPC documents without the network."""
    schemas = Resource.from_contents(_meta("json-schema-meta-schema.json"), DRAFT7)
    registry: Registry[Any] = Registry().with_resources(
        [("https://meta.json-schema.tools", schemas), ("https://meta.json-schema.tools/", schemas)]
    )
    return Draft7Validator(_meta("openrpc-meta-schema.json"), registry=registry)


def test_the_document_is_openrpc(document: Document) -> None:
    assert [error.message for error in _validator().iter_errors(document)] == []


@pytest.mark.parametrize("spoil", ["info", "methods", "openrpc"])
def test_the_meta_schema_notices_what_is_missing(document: Document, spoil: str) -> None:
    broken = {name: value for name, value in document.items() if name != spoil}
    assert not _validator().is_valid(broken)
    nameless = [{**document["methods"][0], "name": 5}]
    assert not _validator().is_valid({**document, "methods": nameless})


def _schemas(document: Document) -> Iterator[tuple[str, Document]]:
    """Yield every schema of the document, and where it stands."""
    yield from document["components"]["schemas"].items()
    for method in document["methods"]:
        for part in (*method["params"], method["result"]):
            yield f"{method['name']}, {part['name']}", part["schema"]


def _misshapen(document: Document) -> list[str]:
    validator = Draft202012Validator(Draft202012Validator.META_SCHEMA)
    return [
        f"{where}: {error.message}"
        for where, schema in _schemas(document)
        for error in validator.iter_errors(schema)
    ]


def test_every_schema_in_it_is_a_schema(document: Document) -> None:
    assert _misshapen(document) == []


def test_every_reference_is_found(document: Document) -> None:
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    used = set(_references(document))
    assert used - known == set()


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [found for each in value.values() for found in _references(each)]
    if isinstance(value, list):
        return [found for each in value for found in _references(each)]
    return []


def _codes(method: Document) -> set[str]:
    return {error["data"]["code"] for error in method["errors"]}


def _misdeclared(method: Document) -> list[str]:
    """Return the errors of a method that are not as the contract has them."""
    found = []
    for declared in method["errors"]:
        error = ERRORS[declared["data"]["code"]]
        told = (declared["code"], declared["data"]["retryable"], declared["message"])
        if told != (error.number, error.retryable, error().message):
            found.append(f"{method['name']}: {declared}")
    return found


def test_every_declared_error_is_one_of_the_contract(methods: dict[str, Document]) -> None:
    assert [each for method in methods.values() for each in _misdeclared(method)] == []


def _silent_on(method: Document, codes: Iterable[str]) -> list[str]:
    """Return which of these errors a method does not declare."""
    return [f"{method['name']}: {code}" for code in codes if code not in _codes(method)]


def test_what_every_method_can_give_is_declared(methods: dict[str, Document]) -> None:
    everywhere = ("INVALID_PARAMS", "DENIED", "VALUE_TOO_LARGE", "BUSY")
    assert [each for method in methods.values() for each in _silent_on(method, everywhere)] == []


NAMED = {"controller_id": "CONTROLLER_NOT_FOUND", "request_id": "APPROVAL_NOT_FOUND"}
MAY_BE_UNKNOWN = {"controller.register", "controller.validate"}


def _not_found(method: Document) -> list[str]:
    """Return the errors that a method must declare for what its params name."""
    params = [param["name"] for param in method["params"]]
    return [error for name, error in NAMED.items() if name in params]


def test_who_names_a_thing_declares_that_it_may_not_be_found(methods: dict[str, Document]) -> None:
    found = [
        each
        for name, method in methods.items()
        if name not in MAY_BE_UNKNOWN
        for each in _silent_on(method, _not_found(method))
    ]
    assert found == []


def _undescribed(document: Document) -> list[str]:
    kinds = ("mutation", "query", "wait", "claim", "local")
    of_methods = [
        f"{method['name']}: {what}"
        for method in document["methods"]
        for what, is_there in {
            "summary": method["summary"].endswith("."),
            "paramStructure": method["paramStructure"] == "by-name",
            "x-kind": method["x-kind"] in kinds,
            "x-sockets": bool(method["x-sockets"]),
        }.items()
        if not is_there
    ]
    schemas = document["components"]["schemas"].items()
    return [*of_methods, *(name for name, schema in schemas if not schema.get("description"))]


def test_everything_says_what_it_is(document: Document) -> None:
    assert _undescribed(document) == []


def test_the_four_notifications_are_described(document: Document) -> None:
    described = set(document["components"]["schemas"])
    assert described >= {"EntriesNotice", "LaggedNotice", "PrunedNotice", "FencedNotice"}


def _key_and_fence(method: Document, takes_fence: bool) -> list[str]:
    """Return what is wrong about a method's key and fence."""
    params = {param["name"] for param in method["params"]}
    wrong = {
        "has no idempotency_key": method["x-kind"] == "mutation"
        and "idempotency_key" not in params,
        "its params say otherwise about a fence": ("fence" in params) != takes_fence,
        "x-fence says otherwise": method["x-fence"] != takes_fence,
    }
    return [f"{method['name']}: {what}" for what, is_wrong in wrong.items() if is_wrong]


def test_mutations_take_a_key_and_fenced_ones_a_fence(
    bench: Bench, methods: dict[str, Document]
) -> None:
    found = [
        each
        for name, method in methods.items()
        for each in _key_and_fence(method, bench.registry.require(name).fence is not None)
    ]
    assert found == []


def test_the_rules_notice_what_breaks_them(document: Document) -> None:
    method = {
        "name": "a.set", "summary": "Set", "paramStructure": "either", "x-kind": "mutation",
        "x-sockets": [], "x-fence": True, "params": [{"name": "request_id", "schema": {"type": 5}}],
        "result": {"name": "a", "schema": {}},
        "errors": [{"code": 1, "message": "", "data": {"code": "BUSY", "retryable": True}}],
    }  # fmt: skip
    broken = {**document, "methods": [method], "components": {"schemas": {"A": {}}}}
    assert [each.partition(":")[0] for each in _misshapen(broken)] == ["a.set, request_id"]
    assert len(_misdeclared(method)) == 1
    assert _silent_on(method, ["BUSY", "DENIED"]) == ["a.set: DENIED"]
    assert _not_found(method) == ["APPROVAL_NOT_FOUND"]
    told = ["a.set: summary", "a.set: paramStructure", "a.set: x-sockets", "A"]
    assert _undescribed(broken) == told
    assert len(_key_and_fence(method, takes_fence=True)) == 2
    assert len(_key_and_fence(method, takes_fence=False)) == 2
    assert _references({"a": [{"$ref": "#/b"}]}) == ["#/b"]


def test_generated_files_are_fresh() -> None:
    assert [str(path.relative_to(ROOT)) for path in stale()] == [], (
        "run python -m penholder_daemon.generate"
    )
