"""No params of any method make an internal error, or an answer that a reader cannot read.

The rooms as they stand after the whole scenario of the examples; `make soak` tries every value.
"""

import random
from contextlib import suppress

import pytest

from penholder_daemon.core import verify
from penholder_daemon.core.caller import CONTROL, RUNTIME, Caller
from penholder_protocol import jsonrpc
from penholder_protocol.errors import InternalError, PenholderError
from tests.contract.examples import EXAMPLES, Example, carry_out
from tests.helpers import hostile_params, soak
from tests.helpers.harness import CONTROLLER, Bench

_ENDS = frozenset(
    {"worker.remove", "worker.stop", "state.clear", "state.delete", "daemon.shutdown",
     "runtime.detach", "run.cancel", "command.cancel", "queue.cancel", "daemon.prune"}
)  # fmt: skip
"""What would take away what others are about."""


def _scenario(method: str) -> Bench:
    """Carry the examples out, but for ends and what is looked at here."""
    bench = Bench()
    wanted: list[Example] = [
        each for each in EXAMPLES if each.method not in _ENDS and each.method != method
    ]
    for each in wanted:
        try:
            carry_out(bench, [each])
        except PenholderError:
            continue  # it would have needed what was left out
    return bench


def _callers(bench: Bench, method: str) -> list[Caller]:
    sockets = bench.registry.require(method).sockets
    seated = bench.peer("w_ada", 4242)
    with suppress(PenholderError):
        bench.call("runtime.attach", seated, takeover=True)
    return [caller for caller in (CONTROLLER, seated) if caller.socket in sockets]


@pytest.mark.parametrize("method", hostile_params.METHODS)
def test_no_params_make_an_internal_error(method: str) -> None:
    bench = _scenario(method)
    draw = random.Random(method)
    most = soak.many(12, len(hostile_params.VALUES) + 100)
    for caller in _callers(bench, method):
        hostile = [
            *hostile_params.requests(method, draw, most),
            *hostile_params.mixed(method, draw, soak.many(30, 3000)),
        ]
        for params in hostile:
            _call(bench, method, caller, params)
    assert bench.bugs == []
    found = verify.findings(bench.rx(), bench.registry.rooms, deep=False)
    assert [each.detail for each in found] == []


def _call(bench: Bench, method: str, caller: Caller, params: bytes) -> None:
    told = f"{method} on {caller.socket}: {params[:300]!r}"
    try:
        assert hostile_params.is_sound(bench.call_text(method, caller, params)), told
    except InternalError:
        pytest.fail(f"internal error of {told}: {bench.bugs}")
    except PenholderError as refusal:
        answer = jsonrpc.error(b"1", refusal)
        hostile_params.is_sound(answer)
    except Exception as bug:
        raise AssertionError(told) from bug


def test_the_machine_knows_every_method_and_socket() -> None:
    assert {RUNTIME, CONTROL} == {
        socket for each in hostile_params.METHODS.values() for socket in each["x-sockets"]
    }
    assert hostile_params.METHODS.keys() == hostile_params.EXAMPLES.keys()
    for method in hostile_params.METHODS:
        assert len(hostile_params.places(method)) >= len(hostile_params.METHODS[method]["params"])
