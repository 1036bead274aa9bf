"""The clients for Python against `protocol/retry_cases.json`, which TypeScript's tests read too."""

import errno
import json
from pathlib import Path
from typing import Any

import pytest

from penholder import ConnectionLost, DaemonUnreachable, NotUnderstood
from penholder._shared.call import Call
from penholder._shared.patience import Patience
from penholder._shared.reach import Reach, is_worker
from penholder_protocol.errors import Busy, Fenced, PenholderError, StoreFailed, ValueTooLarge

CASES: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "protocol" / "retry_cases.json").read_text("utf-8")
)
FAILURES: dict[str, OSError | PenholderError] = {
    "lost": ConnectionLost("lost"),
    "not_understood": NotUnderstood("not understood"),
    "refused": OSError(errno.ECONNREFUSED, "refused"),
    "missing": OSError(errno.ENOENT, "missing"),
    "full_backlog": OSError(errno.EAGAIN, "full"),
    "denied": OSError(errno.EACCES, "denied"),
    "not_permitted": OSError(errno.EPERM, "not permitted"),
    "name_too_long": OSError(errno.ENAMETOOLONG, "too long"),
    "busy": Busy(),
    "unknown_outcome": StoreFailed(outcome="unknown"),
    "store_failed": StoreFailed(outcome="nothing"),
    "fenced": Fenced(),
    "too_large": ValueTooLarge(),
}


@pytest.mark.parametrize("case", CASES["patience"], ids=lambda case: case["name"])
def test_delays(case: dict[str, Any]) -> None:
    patience = Patience(case["reconnect_ms"] / 1000)
    for at_ms, delay_ms in zip(case["failures_at_ms"], case["delays_ms"], strict=True):
        delay = patience.delay_after_failure(at_ms / 1000)
        found_ms = None if delay is None else delay * 1000
        assert found_ms == (None if delay_ms is None else pytest.approx(delay_ms))


@pytest.mark.parametrize("case", CASES["sockets"], ids=lambda case: case["path"])
def test_sockets(case: dict[str, Any]) -> None:
    assert is_worker(case["path"]) == case["is_worker"]


@pytest.mark.parametrize("case", CASES["unreached"], ids=lambda case: case["name"])
def test_unreached(case: dict[str, Any]) -> None:
    reach = Reach(case["path"])
    if case["was_reached"]:
        with reach.reaching():
            pass
    call = Call("rpc.ping", {}, case["reconnect_ms"] / 1000)
    for at_ms, delay_ms in zip(case["failures_at_ms"], case["delays_ms"], strict=True):
        failure = FAILURES[case["failure"]]
        assert isinstance(failure, OSError)
        failed = reach.failed(OSError(failure.errno, failure.strerror))
        if delay_ms is None:
            with pytest.raises(DaemonUnreachable, match=case["path"]):
                call.delay_after(failed, at_ms / 1000)
        else:
            assert call.delay_after(failed, at_ms / 1000) * 1000 == pytest.approx(delay_ms)


@pytest.mark.parametrize("case", CASES["waits"], ids=lambda case: case["name"])
def test_waits(case: dict[str, Any]) -> None:
    given = {} if case["timeout_ms"] is None else {"timeout_ms": case["timeout_ms"]}
    call = Call(case["method"], given, 10.0)
    for at_ms, timeout_ms in zip(case["attempts_at_ms"], case["sent_timeout_ms"], strict=True):
        frame = json.loads(call.frame("f-1", at_ms / 1000))
        assert frame["params"].get("timeout_ms") == timeout_ms


@pytest.mark.parametrize("case", CASES["repeats"], ids=str)
def test_repeats(case: dict[str, Any]) -> None:
    given = {"idempotency_key": "k"} if case["key"] else {}
    call = Call(case["method"], given, 10.0)
    call.sent = case["sent"]
    if case["again"]:
        assert call.delay_after(FAILURES[case["failure"]], 0.0) > 0
        return
    with pytest.raises((OSError, PenholderError)):
        call.delay_after(FAILURES[case["failure"]], 0.0)
