"""The OpenRPC document as a document: valid, complete, fresh."""

import json
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


def test_every_schema_in_it_is_a_schema(document: Document) -> None:
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    for method in document["methods"]:
        for part in (*method["params"], method["result"]):
            Draft202012Validator.check_schema(part["schema"])


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


def test_every_declared_error_is_one_of_the_contract(methods: dict[str, Document]) -> None:
    for method in methods.values():
        for declared in method["errors"]:
            error = ERRORS[declared["data"]["code"]]
            assert declared["code"] == error.number
            assert declared["data"]["retryable"] == error.retryable
            assert declared["message"] == error().message


@pytest.mark.parametrize("everywhere", ["INVALID_PARAMS", "DENIED", "VALUE_TOO_LARGE", "BUSY"])
def test_what_every_method_can_give_is_declared(
    methods: dict[str, Document], everywhere: str
) -> None:
    for method in methods.values():
        assert everywhere in {error["data"]["code"] for error in method["errors"]}


def test_who_names_a_thing_declares_that_it_may_not_be_found(methods: dict[str, Document]) -> None:
    named = {"controller_id": "CONTROLLER_NOT_FOUND", "request_id": "APPROVAL_NOT_FOUND"}
    exempt = {"controller.register", "controller.validate"}  # an unknown one is no error there
    for method in methods.values():
        declared = {error["data"]["code"] for error in method["errors"]}
        for param in method["params"]:
            error = named.get(param["name"])
            assert error is None or error in declared or method["name"] in exempt, method["name"]


def test_everything_says_what_it_is(document: Document, methods: dict[str, Document]) -> None:
    for method in methods.values():
        assert method["summary"].endswith("."), method["name"]
        assert method["paramStructure"] == "by-name"
        assert method["x-kind"] in ("mutation", "query", "wait", "claim", "local")
        assert method["x-sockets"]
    for name, schema in document["components"]["schemas"].items():
        assert schema.get("description"), name


def test_the_four_notifications_are_described(document: Document) -> None:
    described = set(document["components"]["schemas"])
    assert described >= {"EntriesNotice", "LaggedNotice", "PrunedNotice", "FencedNotice"}


def test_mutations_take_a_key_and_fenced_ones_a_fence(
    bench: Bench, methods: dict[str, Document]
) -> None:
    for name, described in methods.items():
        params = {param["name"] for param in described["params"]}
        method = bench.registry.require(name)
        if described["x-kind"] == "mutation":
            assert "idempotency_key" in params
        assert ("fence" in params) == (method.fence is not None)
        assert described["x-fence"] == (method.fence is not None)


def test_generated_files_are_fresh() -> None:
    assert [str(path.relative_to(ROOT)) for path in stale()] == [], (
        "run python -m penholder_daemon.generate"
    )
