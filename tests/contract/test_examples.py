"""Every method, executed: its params and its answer are what openrpc.json says they are."""

from collections.abc import Mapping

import msgspec
import pytest

from penholder_daemon.core.caller import RUNTIME
from penholder_protocol import errors, nouns
from tests.contract.examples import EXAMPLES, KEPT, Example, carry_out, render
from tests.helpers.harness import Bench, Json
from tests.helpers.schemas import Checker, Document, params_schema

CARRIED_OUT = carry_out()
NAMES = [f"{number}-{each.method}" for number, each in enumerate(EXAMPLES)]

IDENTITY = {"worker_id", "runner_id"}
"""Params that a runtime socket fills in."""


@pytest.fixture(scope="module")
def checker(document: Document) -> Checker:
    """Give a checker of the document as it is checked in."""
    return Checker(document)


def _optional_worker(schema: Document) -> Document:
    """On a runtime socket the worker is known by the socket."""
    required = [name for name in schema["required"] if name not in IDENTITY]
    return {**schema, "required": required}


@pytest.mark.parametrize(("example", "result"), CARRIED_OUT, ids=NAMES)
def test_params_and_result_fit_their_schemas(
    example: Example, result: Json, checker: Checker, methods: dict[str, Document]
) -> None:
    method = methods[example.method]
    assert example.socket in method["x-sockets"]
    schema = params_schema(method)
    if example.socket == RUNTIME:
        schema = _optional_worker(schema)
    assert checker.complaints(schema, example.params) == []
    assert checker.complaints(method["result"]["schema"], result) == []


@pytest.mark.parametrize(("example", "result"), CARRIED_OUT, ids=NAMES)
def test_a_result_has_every_field_of_its_record(
    example: Example, result: Json, methods: dict[str, Document]
) -> None:
    """Absent is null, never left out; and nothing is answered that is not described."""
    reference = methods[example.method]["result"]["schema"].get("$ref", "")
    record = getattr(nouns, reference.rpartition("/")[2], None)
    if record is not None:
        fields = msgspec.structs.fields(record)
        # `read_version` and `unread` are there where a reader was named.
        needed = {field.name for field in fields if field.default is not msgspec.UNSET}
        assert needed <= set(result) <= {field.name for field in fields}


def test_every_public_method_has_an_example(bench: Bench) -> None:
    public = {method.name for method in bench.registry.public}
    assert public - {example.method for example in EXAMPLES} == set()


def test_the_document_describes_just_the_public_methods(
    bench: Bench, methods: dict[str, Document]
) -> None:
    assert set(methods) == {method.name for method in bench.registry.public}


def test_kept_answers_are_fresh() -> None:
    assert KEPT.read_text("utf-8") == render(), "run python -m tests.contract.examples"


def test_a_wrong_answer_would_be_noticed(checker: Checker, methods: dict[str, Document]) -> None:
    schema = methods["worker.get"]["result"]["schema"]
    worker = next(result for each, result in CARRIED_OUT if each.method == "worker.get")
    assert checker.complaints(schema, worker) == []
    for broken in (
        {**worker, "state": "asleep"},
        {**worker, "packs": "none"},
        {name: value for name, value in worker.items() if name != "cwd"},
        None,
    ):
        assert checker.complaints(schema, broken) != []
    params = params_schema(methods["worker.get"])
    for wrong in ({}, {"worker_id": 5}, {"worker_id": "w", "x": 1}):
        assert checker.complaints(params, wrong) != []


@pytest.mark.parametrize("example", EXAMPLES, ids=NAMES)
def test_what_the_schema_refuses_the_daemon_refuses(
    example: Example, checker: Checker, methods: dict[str, Document]
) -> None:
    """The two are made from the same annotations; here they are compared by what they do."""
    method = methods[example.method]
    schema = params_schema(method)
    if example.socket == RUNTIME:
        schema = _optional_worker(schema)
    bench = Bench()
    caller = bench.peer("w_ada") if example.socket == RUNTIME else None
    for wrong in _spoilt(example.params, method):
        assert checker.complaints(schema, wrong) != []
        with pytest.raises((errors.InvalidParams, errors.ValueTooLarge)):
            bench.invocation(example.method, wrong, *([caller] if caller else []))


def _spoilt(params: Mapping[str, object], method: Document) -> list[dict[str, object]]:
    """Make params wrong in the ways that every method has."""
    spoilt: list[dict[str, object]] = [{**params, "no_such_param": 1}]
    for param in method["params"]:
        if param["required"] and param["name"] in params:
            spoilt.append({name: params[name] for name in params if name != param["name"]})
        if "type" in param["schema"] and param["schema"]["type"] != "boolean":
            spoilt.append({**params, param["name"]: True})
    return [each for each in spoilt if not (IDENTITY & params.keys()) - each.keys()]
