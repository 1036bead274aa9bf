"""A store that goes on as another history: who is fenced, and which cursors last."""

import pytest

from penholder_daemon.core import history, verify
from penholder_daemon.core.handed_out import UNKNOWN_STEP, HandedOut
from penholder_daemon.core.history import Break
from penholder_daemon.rooms.journal import subscribe
from penholder_protocol import errors
from tests.helpers.fakes import FakeSession
from tests.helpers.harness import CONTROLLER, Bench, Json, at_once

THEN, NOW = "system 00000001 5 16386", "system 00000002 5 16386"
NOBODY = {"owners": 0, "seats": 0, "runs": 0, "queue_tasks": 0}


@pytest.fixture
def served(bench: Bench) -> Bench:
    """Give a store that was written under an identity, with somebody who owns a controller."""
    _settle(bench, THEN, None)
    return bench


def _settle(bench: Bench, identity: str | None, known_pos: int | None) -> Json:
    found = bench.own("daemon.settle_history", identity=identity, known_pos=known_pos)
    assert not history.is_owed(bench.store, identity, found["pos"])
    assert list(verify.findings(bench.rx(), bench.registry.rooms, deep=True)) == []
    return found


def _pos(bench: Bench) -> int:
    return int(bench.call("journal.position")["pos"])


def _told(bench: Bench) -> list[Json]:
    entries = bench.call("journal.read", streams=["daemon"], limit=500)["items"]
    return [entry["data"] for entry in entries if entry["type"] == "daemon.history_began"]


def _next_epoch(bench: Bench) -> int:
    handle = bench.call("controller.acquire", controller_id="c1", takeover=True)
    return int(handle["epoch"])


# --- noticing -----------------------------------------------------------------------------------
def test_a_new_store_takes_the_identity_that_it_is_opened_under(bench: Bench) -> None:
    assert history.is_owed(bench.store, NOW, None)
    assert _settle(bench, NOW, None) == {"pos": 0, "ended_pos": None, "ended": None, "breaks": []}
    assert history.identity(bench.store) == NOW


def test_the_same_again_changes_nothing(served: Bench) -> None:
    fence = served.owned()
    before = served.dump()
    for known in (None, _pos(served), 0):
        assert not history.is_owed(served.store, THEN, known)
        _settle(served, THEN, known)
    assert served.dump() == before
    served.worker("w1", fence=fence)


def test_where_no_identity_is_told_positions_are_compared(served: Bench) -> None:
    served.owned()
    known = _pos(served)
    for pos, is_owed in ((None, False), (known, False), (known + 1, True)):
        assert history.is_owed(served.store, None, pos) == is_owed
    assert _settle(served, None, known)["ended_pos"] is None
    assert _settle(served, None, known + 1)["ended_pos"] == known
    assert history.identity(served.store) == THEN


# --- who is fenced ------------------------------------------------------------------------------
def test_who_misses_nothing_only_goes_on_above(served: Bench) -> None:
    fence = served.owned(lease_ms=60_000)
    served.worker("w1", fence=fence)
    process = served.seated("w1")
    asked = served.call("approval.request", process, message="May I?")["request_id"]
    ended_pos = _pos(served)
    found = _settle(served, NOW, ended_pos)
    assert (found["ended_pos"], found["ended"]) == (ended_pos, None)
    assert served.call("approval.get", request_id=asked)["state"] == "pending"
    served.call("event.append", process, type="t")
    served.worker("w2", fence=fence)
    assert served.call("journal.read", streams=["*"], limit=500)["items"][-1]["pos"] > UNKNOWN_STEP
    [told] = _told(served)
    assert (told["ended_pos"], told["fenced"]) == (ended_pos, False)
    assert told["resumed_after"] == found["breaks"][0][1]
    assert "owners" not in told
    # Whoever comes next has an epoch that nobody can have had in what was lost.
    assert _next_epoch(served) > UNKNOWN_STEP


@pytest.mark.parametrize(("identity", "missing"), [(NOW, None), (NOW, 1), (THEN, 1)])
def test_everybody_is_fenced_where_commits_may_be_missing(
    served: Bench, identity: str, missing: int | None
) -> None:
    fence = served.owned(lease_ms=60_000)
    served.worker("w1", fence=fence)
    process = served.seated("w1")
    ended_pos = _pos(served)
    known = None if missing is None else ended_pos + missing
    assert history.is_owed(served.store, identity, known)
    found = _settle(served, identity, known)
    assert (found["ended_pos"], found["ended"]) == (ended_pos, {**NOBODY, "owners": 1, "seats": 1})
    served.refused(errors.Fenced, "worker.stop", worker_id="w1", fence=fence)
    served.refused(errors.Fenced, "event.append", process, type="t")
    [told] = _told(served)
    assert (told["fenced"], told["owners"], told["seats"]) == (True, 1, 1)
    assert _next_epoch(served) > UNKNOWN_STEP


def test_hosts_stay_what_they_are(served: Bench) -> None:
    served.own("host.keep")
    _settle(served, NOW, None)
    assert [each["state"] for each in served.call("host.list")["items"]] == ["active"]


def test_who_comes_later_and_misses_something_has_everybody_fenced_once(served: Bench) -> None:
    served.owned()
    ended_pos = _pos(served)
    _settle(served, NOW, ended_pos)
    fence = served.acquire(takeover=True)
    assert history.is_owed(served.store, NOW, ended_pos + 3)
    found = _settle(served, NOW, ended_pos + 3)
    assert (found["ended_pos"], found["ended"]) == (ended_pos, {**NOBODY, "owners": 1})
    served.refused(errors.Fenced, "controller.renew", controller_id="c1", lease_ms=1, **fence)
    again = served.acquire()
    assert not history.is_owed(served.store, NOW, ended_pos + 5)
    _settle(served, NOW, ended_pos + 5)
    served.worker("w1", fence=again)
    assert [each["fenced"] for each in _told(served)] == [False, True]


def test_one_history_after_another_is_told_apart(served: Bench) -> None:
    first = _settle(served, NOW, 0)
    served.owned()
    second = _settle(served, "third", _pos(served))
    assert [each[0] for each in second["breaks"]] == [0, second["ended_pos"]]
    assert first["breaks"] == second["breaks"][:1]
    assert second["breaks"][1][1] == second["ended_pos"] + UNKNOWN_STEP


def test_what_was_missed_of_an_earlier_one_is_not_forgotten_over_the_next(served: Bench) -> None:
    served.owned()
    missed = _pos(served) + 1
    _settle(served, NOW, _pos(served))
    assert _settle(served, "third", missed)["ended"] == {**NOBODY, "owners": 1}
    for known in (missed, _pos(served)):
        assert not history.is_owed(served.store, "third", known)


# --- cursors ------------------------------------------------------------------------------------
@pytest.fixture
def broken(served: Bench) -> Bench:
    """Give a store in which another history began behind position 2."""
    served.worker("w1")
    _settle(served, NOW, 2)
    served.call("event.append", worker_id="w1", type="new")
    return served


@pytest.mark.parametrize("method", ["journal.read", "journal.wait"])
def test_a_cursor_in_a_break_is_gone(broken: Bench, method: str) -> None:
    [(ended_pos, resumed_after)] = history.breaks(broken.store)
    for after in (3, resumed_after):
        refusal = broken.refused(errors.CursorGone, method, streams=["*"], after=after)
        assert refusal.details == {"pos": resumed_after + 2, "oldest_pos": 1}
        assert f"after 2 up to {after}" in str(refusal)
        assert "go on after 2" in str(refusal)
    for after in (0, 1, ended_pos):
        found = broken.call(method, streams=["*"], after=after)["items"]
        assert [entry["pos"] for entry in found][-2:] == [resumed_after + 1, resumed_after + 2]
        assert len(found) == 4 - after
    assert broken.call(method, streams=["*"], after=resumed_after + 1)["items"][0]["type"] == "new"


def test_so_is_that_of_a_subscription(broken: Bench) -> None:
    session = FakeSession(broken, CONTROLLER)
    with pytest.raises(errors.CursorGone, match="of another history"):
        at_once(subscribe(session, streams=["worker:w1"], after=3))
    at_once(subscribe(session, streams=["worker:w1"], after=2))


def test_a_restore_by_a_servers_own_tools_is_a_break(served: Bench) -> None:
    served.owned()
    pos = _pos(served)
    known = HandedOut(is_all=False)
    served.own("daemon.restored", known=known, file="d", identity=NOW)
    [(ended_pos, resumed_after)] = history.breaks(served.store)
    assert ended_pos == pos < resumed_after < _pos(served)
    assert not history.is_owed(served.store, NOW, pos + 1)
    served.refused(errors.CursorGone, "journal.read", streams=["*"], after=pos + 1)


def test_a_restore_of_a_file_is_none(bench: Bench) -> None:
    bench.owned()
    pos = _pos(bench)
    bench.own("daemon.restored", known=HandedOut(is_all=False), file="f")
    assert list(history.breaks(bench.store)) == []
    assert history.identity(bench.store) is None
    bench.call("journal.read", streams=["*"], after=pos + 1)


def test_a_move_keeps_breaks_and_no_identity(broken: Bench) -> None:
    broken.own("daemon.moved", source="postgresql", target="sqlite")
    assert not history.is_another(broken.store, "any")
    broken.refused(errors.CursorGone, "journal.read", streams=["*"], after=3)


def test_an_entry_within_a_break_is_found(broken: Bench) -> None:
    history.note_break(broken.store, Break(0, 1))
    found = verify.findings(broken.rx(), broken.registry.rooms, deep=False)
    assert [each.detail for each in found] == ["the entry at 1 is of a history that ended at 0"]
