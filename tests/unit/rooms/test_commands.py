"""The commands room: asked once under a key, numbered per run, ended once."""

import pytest

from penholder_daemon.core.idempotency import payload_hash
from penholder_protocol import errors
from tests.helpers.harness import Bench, Json
from tests.helpers.running import ask, claim, make_run, make_run_in, phases, said

AT = "2026-01-01T00:00:00.000Z"


def _command(bench: Bench, command_id: str = "cmd_1") -> Json:
    return bench.call("command.get", command_id=command_id)


def test_create_answers_the_record(bench: Bench) -> None:
    make_run(bench)
    made = bench.call(
        "command.create", run_id="r1", type="turn", payload={"b": 1, "a": 2}, idempotency_key="k"
    )
    assert made == {
        "command_id": "cmd_1",
        "run_id": "r1",
        "seq": 1,
        "type": "turn",
        "state": "pending",
        "payload": {"b": 1, "a": 2},
        # sha256 of {"a":2,"b":1}
        "payload_hash": "d3626ac30a87e6f7a6428233b3c68299976865fa5508e4267c5415c76af7a772",
        "idempotency_key": "k",
        "created_at": AT,
        "updated_at": AT,
        "acknowledged_at": None,
    }
    assert _command(bench) == made
    said_of = {"phase": "command-created", "command_id": "cmd_1", "command_type": "turn"}
    assert said(bench)[-1] == ("backend_status", said_of)


def test_the_hash_is_of_the_whole_payload_in_canonical_form() -> None:
    from msgspec import Raw

    one = payload_hash(Raw(b'{"fence":1,"b":[1,{"y":1,"x":2}]}'))
    assert one == payload_hash(Raw(b'{ "b": [1, {"x":2, "y":1}], "fence": 1 }'))
    assert one != payload_hash(Raw(b'{"b":[1,{"y":1,"x":2}]}'))
    assert one != payload_hash(Raw(b'{"fence":1,"b":[{"y":1,"x":2},1]}'))


def test_numbers_count_per_run_and_never_come_again(bench: Bench) -> None:
    make_run(bench, "r1")
    make_run(bench, "r2")
    for run_id in ("r1", "r2", "r1"):
        ask(bench, run_id=run_id)
    bench.database.run("DELETE FROM commands WHERE command_id = 'cmd_3'")
    ask(bench, "steer")
    found = bench.call("command.list", run_id="r1")["items"]
    assert [(each["seq"], each["type"]) for each in found] == [(1, "turn"), (3, "steer")]


@pytest.mark.parametrize("wrong", [{"type": "stop"}, {"payload": []}, {"idempotency_key": ""}])
def test_wrong_params_ask_nothing(bench: Bench, wrong: dict[str, object]) -> None:
    make_run(bench)
    bench.refused(
        errors.InvalidParams, "command.create", **{"run_id": "r1", "type": "turn", **wrong}
    )


def test_a_payload_without_canonical_form_is_refused(bench: Bench) -> None:
    from msgspec import Raw

    make_run(bench)
    params = {"run_id": "r1", "type": "turn", "payload": Raw(b'{"x":1e999}')}
    bench.refused(errors.InvalidParams, "command.create", **params)


def test_a_run_that_ended_takes_no_more_commands(bench: Bench) -> None:
    make_run(bench)
    bench.call("run.finish", run_id="r1", outcome="blocked")
    refusal = bench.refused(errors.RunTerminal, "command.create", run_id="r1", type="turn")
    assert refusal.details == {"run_id": "r1", "current_state": "blocked"}


# --- the key ----------------------------------------------------------------------------------
def test_a_key_counts_for_ever_and_answers_what_stands(bench: Bench) -> None:
    make_run(bench)
    params = {"run_id": "r1", "type": "turn", "payload": {"a": 1, "b": 2}, "idempotency_key": "k"}
    bench.call("command.create", **params)
    entries = len(bench.published)
    bench.world.pass_ms(1)
    bench.call("command.ack", command_id="cmd_1")
    standing = _command(bench)
    assert standing["state"] == "acknowledged"
    assert bench.call("command.create", **params) == standing
    reordered = {**params, "payload": {"b": 2, "a": 1}}
    assert bench.call("command.create", **reordered) == standing
    bench.world.pass_ms(20 * 86_400_000)
    bench.own("daemon.forget_old_answers")
    bench.call("command.create", **params)
    bench.call("run.cancel", run_id="r1")
    canceled = bench.call("command.create", **params)
    assert canceled == _command(bench)
    assert canceled["state"] == "canceled"
    assert len(bench.published) == entries + 3


@pytest.mark.parametrize("other", [{"type": "steer"}, {"payload": {"a": 2}}])
@pytest.mark.parametrize("ended", [False, True])
def test_a_key_of_another_type_or_payload_conflicts(
    bench: Bench, other: dict[str, object], ended: bool
) -> None:
    make_run(bench)
    params = {"run_id": "r1", "type": "turn", "payload": {"a": 1}, "idempotency_key": "k"}
    bench.call("command.create", **params)
    if ended:
        bench.call("run.cancel", run_id="r1")
    bench.refused(errors.IdempotencyConflict, "command.create", **{**params, **other})


def test_a_key_counts_per_run(bench: Bench) -> None:
    make_run(bench, "r1")
    make_run(bench, "r2")
    for run_id in ("r1", "r2"):
        made = bench.call("command.create", run_id=run_id, type="turn", idempotency_key="k")
        assert made["seq"] == 1
    assert ask(bench) == "cmd_3"
    assert ask(bench) == "cmd_4"


def test_a_key_counts_within_one_transaction(bench: Bench) -> None:
    make_run(bench)
    call = {
        "method": "command.create",
        "params": {"run_id": "r1", "type": "turn", "idempotency_key": "k"},
    }
    first, second = bench.call("tx.apply", calls=[call, call])["results"]
    assert first == second


# --- what becomes of it -----------------------------------------------------------------------
def test_ack_is_once(bench: Bench) -> None:
    make_run(bench)
    lease = claim(bench)
    ask(bench)
    bench.world.pass_ms(5)
    acked = bench.call("command.ack", command_id="cmd_1", lease=lease)
    assert acked["state"] == "acknowledged"
    assert acked["acknowledged_at"] == acked["updated_at"] == "2026-01-01T00:00:00.005Z"
    bench.world.pass_ms(5)
    assert bench.call("command.ack", command_id="cmd_1", lease=lease) == acked
    assert phases(bench)[-1] == "command-created"


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        ("completed", "completed"),
        ("failed", "failed"),
        ("blocked", "failed"),
        ("canceled", "canceled"),
    ],
)
@pytest.mark.parametrize("acked", [False, True])
def test_finish_ends_a_command(bench: Bench, outcome: str, state: str, acked: bool) -> None:
    make_run(bench)
    lease = claim(bench)
    ask(bench)
    if acked:
        bench.call("command.ack", command_id="cmd_1", lease=lease)
    bench.world.pass_ms(5)
    ended = bench.call(
        "command.finish",
        command_id="cmd_1",
        outcome=outcome,
        failure_kind="kind",
        failure_message="why",
        lease=lease,
    )
    assert (ended["state"], ended["updated_at"]) == (state, "2026-01-01T00:00:00.005Z")
    assert (ended["acknowledged_at"] is not None) == acked
    assert said(bench)[-1][1] == {
        "phase": "command-terminal",
        "command_id": "cmd_1",
        "state": state,
        "outcome": outcome,
        "failure_kind": "kind",
        "message": "why",
    }


@pytest.mark.parametrize("how", ["completed", "failed", "canceled", "cancel", "run.cancel"])
def test_a_command_that_ended_stays_as_it_stands(bench: Bench, how: str) -> None:
    make_run_in(bench)
    ask(bench)
    if how == "run.cancel":
        bench.call("run.cancel", run_id="r1")
    elif how == "cancel":
        bench.call("command.cancel", command_id="cmd_1")
    else:
        bench.call("command.finish", command_id="cmd_1", outcome=how)
    standing, before = _command(bench), bench.dump()
    bench.world.pass_ms(5)
    for method, params in {
        "command.ack": {},
        "command.cancel": {"reason": "again"},
        "command.finish": {"outcome": "completed", "thread_id": "th"},
    }.items():
        assert bench.call(method, command_id="cmd_1", **params) == standing
    assert bench.dump() == before


def test_cancel_needs_no_lease(bench: Bench) -> None:
    make_run(bench)
    claim(bench)
    ask(bench)
    ask(bench)
    assert bench.call("command.cancel", command_id="cmd_1")["state"] == "canceled"
    assert said(bench)[-1][1] == {
        "phase": "command-terminal",
        "command_id": "cmd_1",
        "state": "canceled",
        "outcome": "canceled",
        "failure_kind": "canceled",
        "message": "cancel requested",
    }
    bench.call("command.cancel", command_id="cmd_2", reason="enough")
    assert said(bench)[-1][1]["message"] == "enough"


def test_session_updated_comes_before_command_terminal_and_for_turns_only(bench: Bench) -> None:
    make_run_in(bench)
    for number, type_ in enumerate(("turn", "steer", "interrupt"), 1):
        ask(bench, type_)
        bench.call(
            "command.finish",
            command_id=f"cmd_{number}",
            outcome="completed",
            thread_id=f"th{number}",
            turn_id="tu",
        )
    assert phases(bench)[1:] == [
        *("command-created", "session-updated", "command-terminal"),
        *("command-created", "command-terminal"),
        *("command-created", "command-terminal"),
    ]
    assert bench.call("run.get", run_id="r1")["session_ref"]["thread_id"] == "th1"


# --- reading ----------------------------------------------------------------------------------
def test_list_is_oldest_first_in_pages(bench: Bench) -> None:
    make_run(bench)
    for _ in range(5):
        ask(bench)
    first = bench.call("command.list", run_id="r1", after_seq=1, limit=2)
    assert [each["seq"] for each in first["items"]] == [2, 3]
    rest = bench.call("command.list", run_id="r1", limit=2, cursor=first["next"])
    assert ([each["seq"] for each in rest["items"]], rest["next"]) == ([4, 5], None)
    for limit in (0, 101):
        bench.refused(errors.InvalidParams, "command.list", run_id="r1", limit=limit)


def test_next_is_the_oldest_pending(bench: Bench) -> None:
    make_run(bench)
    waiting = bench.look("command.next", run_id="r1")
    assert (waiting.result, waiting.ready, waiting.streams) == (None, False, ("run:r1",))
    ask(bench)
    ask(bench, "steer")
    assert bench.look("command.next", run_id="r1").ready
    assert bench.call("command.next", run_id="r1") == _command(bench)
    bench.call("command.ack", command_id="cmd_1")
    assert bench.call("command.next", run_id="r1")["command_id"] == "cmd_2"
    bench.call("command.finish", command_id="cmd_2", outcome="completed")
    assert not bench.look("command.next", run_id="r1").ready


def test_next_is_null_at_once_on_a_run_that_ended(bench: Bench) -> None:
    make_run(bench)
    ask(bench)
    bench.call("run.finish", run_id="r1", outcome="completed")
    waiting = bench.look("command.next", run_id="r1")
    assert (waiting.result, waiting.ready) == (None, True)


def test_an_unknown_command_is_not_found(bench: Bench) -> None:
    for method, params in {
        "command.get": {},
        "command.ack": {},
        "command.finish": {"outcome": "completed"},
        "command.cancel": {},
    }.items():
        bench.refused(errors.CommandNotFound, method, command_id="nope", **params)


def test_workers_are_not_asked_to_ask(bench: Bench) -> None:
    bench.worker()
    seated = bench.seated()
    make_run(bench)
    ask(bench)
    bench.refused(errors.Denied, "command.create", seated, run_id="r1", type="turn")
    bench.refused(errors.Denied, "command.cancel", seated, command_id="cmd_1")
