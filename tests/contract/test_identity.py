"""What openrpc.json says of who acts (`x-identity`) holds on runtime sockets and in the clients."""

import json
from pathlib import Path
from typing import Any

import pytest

from penholder.cli.contract import contract
from penholder.cli.terminal.failures import Usage
from penholder.cli.verbs import flags
from penholder_daemon.core.caller import RUNTIME, Caller
from penholder_daemon.rooms import build_registry
from penholder_protocol.errors import Denied
from tests.helpers.schemas import Document

REGISTRY = build_registry()
EXAMPLES: dict[str, Any] = json.loads((Path(__file__).parent / "examples.json").read_text("utf-8"))
WORKER = Caller(RUNTIME, 1000, 7, "w_own")
ACTING = [method for method in contract().methods if method.identity]


def _params(method: str, identity: tuple[str, ...], **given: str) -> bytes:
    control_only = REGISTRY.methods[method].control_only
    example = EXAMPLES[method]["params"]
    kept = {
        name: value
        for name, value in example.items()
        if name not in {*identity, *control_only, "fence"}
    }
    return json.dumps({**kept, **given}).encode()


@pytest.mark.parametrize("method", ACTING, ids=lambda method: method.name)
def test_a_worker_may_leave_itself_out_and_names_nobody_else(method: Any) -> None:
    known = REGISTRY.methods[method.name]
    call = known.invoke(WORKER, _params(method.name, method.identity), None)
    assert {call.arguments[name] for name in method.identity} == {"w_own"}
    for name in method.identity:
        call = known.invoke(WORKER, _params(method.name, method.identity, **{name: "w_own"}), None)
        assert call.arguments[name] == "w_own"
        with pytest.raises(Denied):
            known.invoke(WORKER, _params(method.name, method.identity, **{name: "w_other"}), None)


@pytest.mark.parametrize("method", ACTING, ids=lambda method: method.name)
def test_so_it_is_on_the_command_line(method: Any) -> None:
    given: dict[str, object] = {
        param.name: "x" for param in method.params if param.name not in method.identity
    }
    flags.require(method, given, as_worker=True)
    needed = [param for param in method.params if param.required and param.name in method.identity]
    if needed:
        with pytest.raises(Usage, match=needed[0].flag):
            flags.require(method, given, as_worker=False)


def test_it_is_said_of_every_param_that_says_who_acts(methods: dict[str, Document]) -> None:
    silent = [
        f"{name}: {param['name']}"
        for name, method in methods.items()
        for param in method["params"]
        if param["name"] in ("worker_id", "runner_id")
        and "runtime" in method["x-sockets"]
        and param["name"] not in method["x-identity"]
    ]
    assert silent == []
    assert all("runtime" in methods[method.name]["x-sockets"] for method in ACTING)
