"""Claims: a fence with a lease, shared by runs and queue tasks."""

import pytest

from penholder_daemon.core import access, claims, fence
from penholder_daemon.core.caller import Caller
from penholder_daemon.core.transaction import Tx
from penholder_protocol import errors
from penholder_protocol.nouns import LeaseProof
from tests.helpers.harness import CONTROLLER, Bench

SUBJECT = "thing:1"
WORKER = Caller("runtime", 1000, 70, "w1")


def _tx(bench: Bench, caller: Caller = CONTROLLER) -> Tx:
    return bench.tx(caller)


def _require(
    tx: Tx, lease: LeaseProof | None, claimed_by: str | None = "rn1", needed: bool = True
) -> None:
    claims.require(tx, SUBJECT, lease, claimed_by=claimed_by, needed=needed, thing_id="1")


def _guess(epoch: int) -> LeaseProof:
    return LeaseProof(epoch=epoch, token=f"guess {epoch}")


def _granted(tx: Tx, lease_ms: int = 1000) -> LeaseProof:
    lease = claims.grant(tx, SUBJECT, lease_ms, None)
    assert lease.token is not None
    return LeaseProof(epoch=lease.epoch, token=lease.token)


def test_each_grant_raises_the_epoch_and_shows_a_token(bench: Bench) -> None:
    tx = _tx(bench)
    first, second = (claims.grant(tx, SUBJECT, lease_ms, None) for lease_ms in (1000, 1500))
    assert (first.epoch, second.epoch) == (1, 2)
    assert first.token != second.token
    assert second.expires_at == "2026-01-01T00:00:01.500Z"


def test_the_newest_lease_passes_and_older_ones_are_fenced(bench: Bench) -> None:
    tx = _tx(bench)
    old, new = _granted(tx), _granted(tx)
    _require(tx, new)
    with pytest.raises(errors.Fenced) as caught:
        _require(tx, old)
    assert caught.value.details == {"thing_id": "1", "current_epoch": 2}
    with pytest.raises(errors.Fenced):
        _require(tx, LeaseProof(epoch=2, token=old.token))


def test_a_missing_lease_is_refused_where_it_is_needed(bench: Bench) -> None:
    tx = _tx(bench)
    _granted(tx)
    _require(tx, None, needed=False)
    with pytest.raises(errors.FenceRequired) as caught:
        _require(tx, None)
    assert caught.value.details == {"thing_id": "1", "current_epoch": 1}


def test_a_lease_that_is_given_is_always_checked(bench: Bench) -> None:
    tx = _tx(bench)
    with pytest.raises(errors.Fenced) as caught:
        _require(tx, _guess(1), claimed_by=None, needed=False)
    assert caught.value.details["current_epoch"] == 0


def test_a_renewal_keeps_the_epoch_and_does_not_show_the_token(bench: Bench) -> None:
    tx = _tx(bench)
    held = _granted(tx)
    renewed = claims.renew(tx, SUBJECT, 5000)
    assert (renewed.epoch, renewed.token) == (held.epoch, None)
    assert renewed.expires_at == "2026-01-01T00:00:05.000Z"
    _require(tx, held)


def test_an_expired_lease_still_passes(bench: Bench) -> None:
    tx = _tx(bench)
    held = _granted(tx, 10)
    assert not claims.is_expired(tx, SUBJECT)
    bench.world.pass_ms(10)
    assert claims.is_expired(tx, SUBJECT)
    _require(tx, held)


def test_after_its_end_the_last_holder_still_passes(bench: Bench) -> None:
    tx = _tx(bench)
    held = _granted(tx)
    claims.stop_clock(tx, SUBJECT)
    bench.world.pass_ms(10_000)
    assert not claims.is_expired(tx, SUBJECT)
    _require(tx, held, needed=False)


def test_a_released_subject_fences_whoever_held_it(bench: Bench) -> None:
    tx = _tx(bench)
    held = _granted(tx)
    claims.release(tx, SUBJECT)
    with pytest.raises(errors.Fenced):
        _require(tx, held)
    assert fence.current_epoch(tx, SUBJECT) == 1


def test_a_worker_is_denied_what_others_have_claimed(bench: Bench) -> None:
    tx = _tx(bench, WORKER)
    held = _granted(tx)
    access.refuse_others(tx, None)
    access.refuse_others(tx, "w1")
    access.refuse_others(_tx(bench), "rn1")
    for lease in (None, held, _guess(1), _guess(7)):
        with pytest.raises(errors.Denied):
            _require(tx, lease, claimed_by="rn1")


def test_a_worker_with_an_older_lease_is_fenced_as_anybody(bench: Bench) -> None:
    tx = _tx(bench, WORKER)
    old = _granted(tx)
    _granted(tx)
    with pytest.raises(errors.Fenced):
        _require(tx, old, claimed_by="rn1")
