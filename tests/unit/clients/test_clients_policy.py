"""What is sent again and when: the rules that both clients share, without I/O."""

import errno
import json
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest
from msgspec import UNSET, Raw

from penholder import ConnectionLost, DaemonUnreachable
from penholder._generated import KEYED, METHODS, TOKENED, WAITS
from penholder._shared import forks
from penholder._shared.call import Call
from penholder._shared.patience import FIRST_DELAY_S, LONGEST_DELAY_S, Patience
from penholder_protocol.errors import Busy, Fenced, PenholderError, StoreFailed, ValueTooLarge
from penholder_protocol.limits import MAX_FRAME_BYTES

REFUSED = ConnectionRefusedError(errno.ECONNREFUSED, "refused")
LOST = ConnectionLost("lost")
ACQUIRE = "controller.acquire"


def _params(call: Call, now: float = 0.0) -> dict[str, Any]:
    return dict(json.loads(call.frame("f-1", now))["params"])


def _sent(method: str, params: Mapping[str, object] | None = None, **flags: bool) -> Call:
    call = Call(method, params or {}, 10.0, **flags)
    call.frame("f-1", 0.0)
    call.sent = True
    return call


# --- patience --------------------------------------------------------------------------------
def test_delays_grow_to_a_limit_and_end_with_the_time() -> None:
    patience = Patience(10.0)
    now, delays = 100.0, []
    while (delay := patience.delay_after_failure(now)) is not None:
        delays.append(delay)
        now += delay
    assert delays[0] == FIRST_DELAY_S
    assert delays[1] == pytest.approx(FIRST_DELAY_S * 1.6)
    assert max(delays) == LONGEST_DELAY_S
    assert now == pytest.approx(110.0)


def test_a_later_outage_has_its_own_time() -> None:
    patience = Patience(10.0)
    assert patience.delay_after_failure(0.0) == FIRST_DELAY_S
    assert patience.delay_after_failure(5.0) is not None
    assert patience.delay_after_failure(1000.0) == FIRST_DELAY_S


def test_no_patience_at_all() -> None:
    assert Patience(0.0).delay_after_failure(0.0) is None


# --- what is sent ----------------------------------------------------------------------------
def test_a_mutation_gets_one_key_for_all_its_attempts() -> None:
    call = Call("worker.stop", {"worker_id": "w", "idempotency_key": None}, 1.0)
    first, second = _params(call), _params(call)
    assert re.fullmatch(r"[0-9a-f]{32}-[0-9a-f]{10}", first["idempotency_key"])
    assert first == second
    assert _params(Call("worker.stop", {}, 1.0))["idempotency_key"] != first["idempotency_key"]


def test_a_forked_child_makes_keys_that_its_parent_does_not() -> None:
    before = _params(Call("worker.stop", {}, 1.0))["idempotency_key"]
    forks._renew()  # as the interpreter does in the child
    after = _params(Call("worker.stop", {}, 1.0))["idempotency_key"]
    assert before.partition("-")[0] != after.partition("-")[0]


@pytest.mark.parametrize(
    "params",
    [
        {"data": Raw(b"{")}, {"data": {"a": Raw(b"[1,")}}, {"data": {"a": {"b": Raw(b"{")}}},
        {"events": [{"data": Raw(b"nul")}]},
    ],
)  # fmt: skip
def test_what_is_no_json_is_found_wherever_it_hides(params: dict[str, object]) -> None:
    call = Call("event.append", params, 1.0)
    with pytest.raises(PenholderError):
        call.frame("f-1", 0.0)


def test_a_typed_call_makes_a_token_where_it_makes_the_key() -> None:
    call = Call(ACQUIRE, {"controller_id": "c", "token": UNSET}, 1.0, by_name=False)
    first, second = _params(call), _params(call)
    assert first == second
    assert len(first["token"]) == 43
    assert re.fullmatch(r"[0-9a-f]{32}-[0-9a-f]{10}", first["idempotency_key"])
    answer = Raw(b'{"epoch":1,"token":null,"payload":1.50}')
    put = {"epoch": 1, "token": first["token"], "payload": 1.5}
    assert json.loads(bytes(call.whole(answer))) == put
    assert b'"payload":1.50' in bytes(call.whole(answer))


def test_who_brings_a_key_and_no_token_gets_none() -> None:
    call = Call(ACQUIRE, {"idempotency_key": "k"}, 1.0, by_name=False)
    assert _params(call) == {"idempotency_key": "k"}
    shown = Raw(b'{"token":"of the daemon"}')
    assert call.whole(shown) == shown


def test_a_token_that_is_given_is_handed_on_and_never_replaces_one_that_is_shown() -> None:
    call = Call(ACQUIRE, {"token": "mine"}, 1.0, by_name=False)
    assert _params(call).items() >= {"token": "mine"}.items()
    assert "idempotency_key" in _params(call)
    shown = Raw(b'{"token":"of the daemon"}')
    assert call.whole(shown) == shown


@pytest.mark.parametrize("method", sorted(TOKENED))
def test_a_call_by_name_makes_neither(method: str) -> None:
    call = Call(method, {}, 1.0)
    assert _params(call) == {}
    shown = Raw(b'{"token":null}')
    assert call.whole(shown) == shown


def test_tokens_go_to_where_the_daemon_would_show_its_own() -> None:
    call = Call("queue.wait", {"token": "mine"}, 1.0, by_name=False)
    answer = Raw(
        b'{"items":[{"task":{"token":null},"lease":{"epoch":2,"token":null}}],"next":null}'
    )
    assert json.loads(bytes(call.whole(answer))) == {
        "items": [{"task": {"token": None}, "lease": {"epoch": 2, "token": "mine"}}],
        "next": None,
    }
    assert call.whole(Raw(b"null")) == Raw(b"null")


def test_a_given_key_stays() -> None:
    assert _params(Call(ACQUIRE, {"idempotency_key": "k"}, 1.0)) == {"idempotency_key": "k"}


def test_a_query_gets_no_key_and_what_is_unset_is_not_sent() -> None:
    call = Call("controller.list", {"limit": UNSET, "cursor": None}, 1.0)
    assert _params(call) == {"cursor": None}


def test_what_the_caller_says_of_an_unknown_method() -> None:
    assert "idempotency_key" in _params(Call("new.method", {}, 1.0, True))
    assert _params(Call("new.method", {}, 1.0, False)) == {}
    assert _params(Call("new.method", {}, 1.0)) == {}


def test_read_only_collections_are_sent_as_what_they_hold() -> None:
    params = {"env": MappingProxyType({"A": "1"}), "packs": range(2)}
    assert _params(Call("rpc.ping", params, 1.0)) == {"env": {"A": "1"}, "packs": [0, 1]}


def test_what_has_no_json_form_is_the_callers_fault() -> None:
    with pytest.raises(TypeError, match="object has no form in JSON"):
        Call("rpc.ping", {"x": object()}, 1.0)


def test_a_request_over_a_frame_is_refused_here() -> None:
    call = Call("event.append", {"data": "x" * MAX_FRAME_BYTES}, 1.0)
    with pytest.raises(ValueTooLarge) as caught:
        call.frame("f-1", 0.0)
    assert caught.value.details["limit"] == "MAX_FRAME_BYTES"


@pytest.mark.parametrize(("given", "left_ms"), [({"timeout_ms": 5000}, 3500), ({}, 28_500)])
def test_a_wait_sent_again_waits_for_what_is_left(given: dict[str, object], left_ms: int) -> None:
    call = Call("journal.wait", {"streams": ["*"], "after": 0, **given}, 10.0)
    assert _params(call, 100.0) == {"streams": ["*"], "after": 0, **given}
    assert _params(call, 101.5)["timeout_ms"] == left_ms
    assert _params(call, 500.0)["timeout_ms"] == 0


# --- what is sent again ----------------------------------------------------------------------
@pytest.mark.parametrize("method", ["controller.list", "queue.wait", "journal.wait", "rpc.ping"])
def test_known_methods_are_sent_again_after_a_lost_connection(method: str) -> None:
    assert _sent(method).delay_after(LOST, 0.0) == FIRST_DELAY_S


@pytest.mark.parametrize("method", sorted(TOKENED - WAITS))
def test_an_answer_with_a_secret_is_asked_for_again_only_under_a_key(method: str) -> None:
    with pytest.raises(ConnectionLost):
        _sent(method).delay_after(LOST, 0.0)
    assert _sent(method, {"idempotency_key": "k"}).delay_after(LOST, 0.0) == FIRST_DELAY_S
    assert _sent(method, by_name=False).delay_after(LOST, 0.0) == FIRST_DELAY_S


def test_a_shutdown_is_sent_once() -> None:
    assert Call("daemon.shutdown", {}, 10.0).delay_after(REFUSED, 0.0) == FIRST_DELAY_S
    with pytest.raises(ConnectionLost, match=r"daemon\.shutdown"):
        _sent("daemon.shutdown").delay_after(LOST, 0.0)


def test_a_method_of_which_nothing_is_known_is_sent_once() -> None:
    with pytest.raises(ConnectionLost):
        _sent("new.method").delay_after(LOST, 0.0)
    assert _sent("new.method", mutation=True).delay_after(LOST, 0.0) == FIRST_DELAY_S
    assert _sent("new.method", mutation=False).delay_after(LOST, 0.0) == FIRST_DELAY_S
    assert _sent("new.method").delay_after(Busy(), 0.0) == FIRST_DELAY_S


@pytest.mark.parametrize("error", [Busy(), StoreFailed(outcome="unknown")])
def test_passing_errors_are_waited_out(error: PenholderError) -> None:
    call = _sent("worker.stop")
    assert call.delay_after(error, 0.0) == FIRST_DELAY_S
    with pytest.raises(type(error)) as caught:
        call.delay_after(error, 10.0)
    assert caught.value is error


@pytest.mark.parametrize("error", [Fenced(), StoreFailed(), StoreFailed(outcome="nothing")])
def test_other_errors_are_raised_at_once(error: PenholderError) -> None:
    with pytest.raises(type(error)):
        _sent(ACQUIRE).delay_after(error, 0.0)


def test_the_time_is_over() -> None:
    call = Call("rpc.ping", {}, 10.0)
    call.delay_after(REFUSED, 0.0)
    with pytest.raises(DaemonUnreachable, match="refused") as caught:
        call.delay_after(REFUSED, 10.0)
    assert caught.value.__cause__ is REFUSED
    sent = _sent("rpc.ping")
    sent.delay_after(LOST, 0.0)
    with pytest.raises(ConnectionLost):
        sent.delay_after(REFUSED, 10.0)


@pytest.mark.parametrize("code", [errno.EACCES, errno.EPERM, errno.ENAMETOOLONG])
def test_what_time_cannot_heal_is_raised_at_once(code: int) -> None:
    with pytest.raises(DaemonUnreachable):
        Call("rpc.ping", {}, 10.0).delay_after(OSError(code, "no"), 0.0)


def test_the_table_of_methods() -> None:
    assert KEYED < METHODS
    assert WAITS < METHODS
    assert {"queue.wait"} == KEYED & WAITS
    assert TOKENED < KEYED
    assert ACQUIRE in KEYED
    assert "approval.wait" in WAITS
