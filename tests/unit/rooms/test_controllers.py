"""The controllers room: registering, owning, taking over, releasing."""

import hashlib

import pytest

from penholder_daemon.core.caller import CONTROL, Caller
from penholder_protocol import errors
from tests.helpers.harness import CONTROLLER, Bench


def test_register_makes_an_id_and_answers_the_record(bench: Bench) -> None:
    made = bench.call("controller.register", label="L", workspace_key="/ws")
    assert made == {
        "controller_id": "ctl_1",
        "label": "L",
        "workspace_key": "/ws",
        "created_at": "2026-01-01T00:00:00.000Z",
        "updated_at": "2026-01-01T00:00:00.000Z",
    }
    assert bench.call("controller.get", controller_id="ctl_1") == made
    assert bench.call("controller.find", workspace_key="/ws") == made


def test_register_again_updates_label_and_workspace_only(bench: Bench) -> None:
    fence = bench.owned()
    bench.world.pass_ms(1500)
    again = bench.call(
        "controller.register", controller_id="c1", label="new", workspace_key="/elsewhere"
    )
    assert again["label"] == "new"
    assert again["workspace_key"] == "/elsewhere"
    assert again["created_at"] == "2026-01-01T00:00:00.000Z"
    assert again["updated_at"] == "2026-01-01T00:00:01.500Z"
    assert bench.call("controller.validate", controller_id="c1", **fence) == {"valid": True}
    assert len(bench.call("controller.list")["items"]) == 1


def test_register_needs_no_fence_and_takes_none(bench: Bench) -> None:
    fence = bench.owned()
    bench.refused(
        errors.InvalidParams,
        "controller.register",
        controller_id="c1",
        label="x",
        workspace_key="/x",
        fence=fence,
    )


def test_a_workspace_of_another_controller_conflicts(bench: Bench) -> None:
    bench.controller("c1")
    bench.controller("c2")
    for params in ({}, {"controller_id": "c3"}, {"controller_id": "c2"}):
        refusal = bench.refused(
            errors.ControllerOwnershipConflict,
            "controller.register",
            label="x",
            workspace_key="/ws/c1",
            **params,
        )
        assert refusal.details == {"workspace_key": "/ws/c1", "controller_id": "c1"}


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("controller.get", {}),
        ("controller.acquire", {}),
        ("controller.renew", {"epoch": 1, "token": "t", "lease_ms": 1}),
        ("controller.release", {}),
        ("controller.status", {}),
        ("controller.instances", {}),
        ("worker.list", {}),
        ("approval.list", {}),
        ("handoff.list", {}),
    ],
)
def test_an_unknown_controller_is_not_found(
    bench: Bench, method: str, params: dict[str, object]
) -> None:
    refusal = bench.refused(errors.ControllerNotFound, method, controller_id="nobody", **params)
    assert refusal.number == 1001
    assert refusal.details == {"controller_id": "nobody"}


def test_an_unknown_workspace_is_not_found(bench: Bench) -> None:
    refusal = bench.refused(errors.ControllerNotFound, "controller.find", workspace_key="/none")
    assert refusal.details == {"workspace_key": "/none"}


def test_list_is_newest_first(bench: Bench) -> None:
    for name in ("a", "b", "c"):
        bench.controller(name)
    bench.controller("a")  # registering again does not move it
    listed = bench.call("controller.list")
    assert [item["controller_id"] for item in listed["items"]] == ["c", "b", "a"]
    assert listed["next"] is None


def test_acquire_answers_a_handle_with_the_peers_pid(bench: Bench) -> None:
    bench.controller()
    handle = bench.call("controller.acquire", controller_id="c1")
    assert handle == {
        "controller_id": "c1",
        "instance_id": "ci_1",
        "epoch": 1,
        "token": "token-1",
        "pid": CONTROLLER.pid,
        "host_id": bench.world.host_id,
        "created_at": "2026-01-01T00:00:00.000Z",
        "lease_expires_at": None,
    }


def test_acquire_takes_a_pid_that_is_given(bench: Bench) -> None:
    bench.controller()
    assert bench.call("controller.acquire", controller_id="c1", pid=4321)["pid"] == 4321


def test_the_token_is_stored_hashed_and_in_no_entry(bench: Bench) -> None:
    token = str(bench.owned()["token"])
    everything = repr(bench.dump())
    assert token not in everything
    assert hashlib.sha256(token.encode()).hexdigest() in everything
    assert token not in repr(bench.published)


def test_a_second_owner_conflicts_until_it_takes_over(bench: Bench) -> None:
    first = bench.owned()
    refusal = bench.refused(
        errors.ControllerOwnershipConflict, "controller.acquire", controller_id="c1"
    )
    assert refusal.details == {"controller_id": "c1", "current_epoch": 1}
    second = bench.acquire(takeover=True)
    assert second["epoch"] == 2
    assert second["token"] != first["token"]
    assert bench.call("controller.validate", controller_id="c1", **first) == {"valid": False}
    assert bench.call("controller.validate", controller_id="c1", **second) == {"valid": True}


def test_epochs_only_grow_over_releases_and_takeovers(bench: Bench) -> None:
    seen = [bench.owned()["epoch"]]
    for takes_over in (True, False, True, False):
        if not takes_over:
            bench.call("controller.release", controller_id="c1", force=True)
        seen.append(bench.acquire(takeover=takes_over)["epoch"])
    assert seen == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("wrong", [{"epoch": 2}, {"epoch": 0}, {"token": "other"}])
def test_validate_wants_both_parts(bench: Bench, wrong: dict[str, object]) -> None:
    fence = bench.owned()
    assert bench.call("controller.validate", controller_id="c1", **{**fence, **wrong}) == {
        "valid": False
    }


def test_validate_of_an_unknown_or_unowned_controller_is_false(bench: Bench) -> None:
    nobody: dict[str, object] = {"epoch": 1, "token": "t"}
    unknown = bench.call("controller.validate", controller_id="none", **nobody)
    assert unknown == {"valid": False}
    fence = bench.owned()
    bench.call("controller.release", controller_id="c1", force=True)
    assert bench.call("controller.validate", controller_id="c1", **fence) == {"valid": False}


def test_release_by_the_owner(bench: Bench) -> None:
    fence = bench.owned()
    bench.world.pass_ms(1)
    released = bench.call("controller.release", controller_id="c1", **fence)
    assert released == {
        "controller_id": "c1",
        "released": True,
        "reason": None,
        "released_at": "2026-01-01T00:00:00.001Z",
        "instance_id": "ci_1",
        "epoch": 1,
    }
    assert bench.call("controller.status", controller_id="c1")["state"] == "dormant"


def test_release_without_an_owner_says_so(bench: Bench) -> None:
    bench.controller()
    for params in ({}, {"force": True}, {"epoch": 3, "token": "t"}):
        assert bench.call("controller.release", controller_id="c1", **params) == {
            "controller_id": "c1",
            "released": False,
            "reason": "NO_ACTIVE_OWNER",
            "released_at": None,
            "instance_id": None,
            "epoch": None,
        }


@pytest.mark.parametrize("missing", [("epoch",), ("token",), ("epoch", "token")])
def test_release_with_a_part_missing_is_refused(bench: Bench, missing: tuple[str, ...]) -> None:
    fence = bench.owned()
    given = {name: value for name, value in fence.items() if name not in missing}
    refusal = bench.refused(
        errors.InvalidControllerHandle, "controller.release", controller_id="c1", **given
    )
    assert refusal.number == 1003
    assert refusal.details == {"controller_id": "c1", "current_epoch": 1}


@pytest.mark.parametrize("wrong", [{"epoch": 7}, {"token": "wrong"}])
def test_release_with_a_part_wrong_is_refused(bench: Bench, wrong: dict[str, object]) -> None:
    fence = bench.owned()
    params = {**fence, **wrong}
    bench.refused(
        errors.InvalidControllerHandle, "controller.release", controller_id="c1", **params
    )


def test_forced_release_needs_no_proof(bench: Bench) -> None:
    bench.owned()
    assert bench.call("controller.release", controller_id="c1", force=True)["released"]
    assert bench.notes()[-1] == (
        "controller.released",
        {
            "instance_id": "ci_1",
            "epoch": 1,
            "force": True,
            "uid": 1000,
            "pid": 50,
            "host_id": bench.world.host_id,
        },
    )


def test_status_names_the_owner_without_its_secret(bench: Bench) -> None:
    bench.owned(lease_ms=1000)
    assert bench.call("controller.status", controller_id="c1") == {
        "controller_id": "c1",
        "label": "c1",
        "workspace_key": "/ws/c1",
        "state": "active",
        "active_owner": {
            "instance_id": "ci_1",
            "epoch": 1,
            "pid": 50,
            "host_id": bench.world.host_id,
            "created_at": "2026-01-01T00:00:00.000Z",
            "lease_expires_at": "2026-01-01T00:00:01.000Z",
        },
    }


def test_instances_are_newest_first_and_active_by_default(bench: Bench) -> None:
    bench.owned("c1")
    bench.acquire("c1", takeover=True)
    bench.owned("c2")
    active = bench.call("controller.instances")["items"]
    assert [(each["controller_id"], each["epoch"]) for each in active] == [("c2", 1), ("c1", 2)]
    all_ = bench.call("controller.instances", controller_id="c1", active_only=False)["items"]
    assert [(each["epoch"], each["is_active"]) for each in all_] == [(2, True), (1, False)]
    assert all_[1]["released_at"] is not None
    assert all_[0]["released_at"] is None


def test_every_act_is_journaled_with_the_peer(bench: Bench) -> None:
    operator = Caller(CONTROL, 1001, 99)
    bench.owned()
    bench.call("controller.acquire", operator, controller_id="c1", takeover=True)
    notes = bench.notes()
    assert [type_ for type_, _ in notes] == [
        "controller.registered",
        "controller.acquired",
        "controller.acquired",
    ]
    assert notes[1][1]["takeover"] is False
    assert notes[2][1]["takeover"] is True
    assert (notes[2][1]["uid"], notes[2][1]["pid"]) == (1001, 99)
    assert (notes[0][1]["uid"], notes[0][1]["pid"]) == (1000, 50)
