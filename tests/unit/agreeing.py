"""What every model test asks: a call comes to what the model says."""

from penholder_daemon.core.caller import Caller
from penholder_protocol.errors import PenholderError
from tests.unit.harness import CONTROLLER, Bench, Json


def agreed(
    bench: Bench,
    expected: str | None,
    method: str,
    caller: Caller = CONTROLLER,
    /,
    **params: object,
) -> Json:
    """Carry a call out that must be refused by this name (None: must not) and return its answer."""
    answer: Json = None
    code: str | None = None
    try:
        answer = bench.call(method, caller, **params)
    except PenholderError as refusal:
        code = refusal.code
    assert code == expected, f"{method} {params}"
    return answer
