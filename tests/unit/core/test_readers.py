"""Readers: any name on the control socket; on a worker's its own, and what begins with it and /."""

import pytest

from penholder_protocol import errors
from tests.helpers.harness import Bench
from tests.helpers.running import make_run_in

CALLS: dict[str, tuple[str, dict[str, object]]] = {
    "message.ack": ("reader", {"topic": "t", "seq": 1}),
    "message.unread": ("reader", {"topic": "t"}),
    "session.summary": ("reader_id", {"session_id": "s1"}),
    "session.list": ("reader_id", {}),
    "session.mark_read": ("reader_id", {"session_id": "s1"}),
}


def _prepared(bench: Bench) -> Bench:
    bench.call("message.publish", topic="t", kind="k")
    make_run_in(bench)
    bench.worker()
    return bench


@pytest.mark.parametrize("reader", ["w2", "w1x", "w", "/w1", "x/w1", "me"])
@pytest.mark.parametrize("method", CALLS)
def test_a_worker_reads_for_nobody_else(bench: Bench, method: str, reader: str) -> None:
    seated = _prepared(bench).seated()
    bench.call("run.claim", seated, run_id="r1", lease_ms=1000)
    name, params = CALLS[method]
    bench.refused(errors.Denied, method, seated, **params, **{name: reader})
    bench.call(method, **params, **{name: reader})


@pytest.mark.parametrize("reader", ["w1", "w1/", "w1/ui", "w1/a/b:c"])
@pytest.mark.parametrize("method", CALLS)
def test_it_reads_for_itself_and_its_own(bench: Bench, method: str, reader: str) -> None:
    seated = _prepared(bench).seated()
    bench.call("run.claim", seated, run_id="r1", lease_ms=1000)
    name, params = CALLS[method]
    bench.call(method, seated, **params, **{name: reader})


@pytest.mark.parametrize("reader", ["", "a b", "a\n", "é", "x" * 129])
def test_what_a_reader_may_not_be_called(bench: Bench, reader: str) -> None:
    _prepared(bench)
    bench.refused(errors.InvalidParams, "message.ack", topic="t", seq=1, reader=reader)
