"""Pages over several streams cost by their own size, and say where they stopped.

Costs are counted in the steps of SQLite's machine, which no other load changes; `python -m bench
journal` looks at the same on a million entries.
"""

from collections.abc import Iterator
from functools import partial

import pytest
from bench.journal_pages import PAGES, fill
from bench.plans import plans, steps

from penholder_daemon.core import backlog, execute, positions
from penholder_daemon.core.method import Waiting
from penholder_daemon.rooms.journal import subscribe
from penholder_protocol import errors
from penholder_protocol.limits import MAX_SCAN_ENTRIES
from penholder_protocol.nouns import Entries, Event, Page
from tests.helpers.fakes import FakeSession
from tests.helpers.harness import CONTROLLER, Bench, Json, at_once
from tests.helpers.stores import sqlite_only

pytestmark = sqlite_only("plans and steps")

ENTRIES = 40_000
UNFILTERED = [name for name in PAGES if "types" not in name]
_STEPS_OF_A_LOOK = 500_000


@pytest.fixture(scope="module")
def filled() -> Iterator[Bench]:
    """Give a journal that is long enough to tell a page from all of it."""
    bench = Bench()
    fill(bench.database, ENTRIES)
    yield bench
    bench.database.close()


def _read(bench: Bench, name: str, after: int = 0) -> Json:
    return bench.call("journal.read", after=after, limit=10, **PAGES[name])


@pytest.mark.parametrize("name", UNFILTERED)
def test_a_page_from_the_start_costs_what_one_near_the_end_does(filled: Bench, name: str) -> None:
    begin, end = (
        steps(filled.database, partial(_read, filled, name, after)) for after in (0, ENTRIES // 2)
    )
    assert (
        len(_read(filled, name)["items"]) == 10 == len(_read(filled, name, ENTRIES // 2)["items"])
    )
    assert begin < 1.2 * end


@pytest.mark.parametrize("name", PAGES)
def test_no_page_reads_a_table_from_end_to_end_or_sorts(filled: Bench, name: str) -> None:
    found = plans(filled.database, partial(_read, filled, name))
    assert found
    for plan in found:
        assert plan.uses_indexes, str(plan)


@pytest.mark.parametrize("name", [name for name in PAGES if "types" in name])
def test_a_look_for_rare_types_passes_over_so_many_entries(filled: Bench, name: str) -> None:
    assert steps(filled.database, partial(_read, filled, name)) < _STEPS_OF_A_LOOK


@pytest.mark.parametrize("name", ["children", "topics"])
@pytest.mark.parametrize("typed", ["", ", rare types"])
def test_more_streams_than_are_merged_are_found_all_the_same(
    filled: Bench, monkeypatch: pytest.MonkeyPatch, name: str, typed: str
) -> None:
    merged = _walk(filled, name + typed)
    monkeypatch.setattr(backlog, "MAX_MERGED_STREAMS", 100)
    for plan in plans(filled.database, partial(_read, filled, name + typed)):
        assert plan.uses_indexes, str(plan)
    assert steps(filled.database, partial(_read, filled, name + typed)) < _STEPS_OF_A_LOOK
    assert _walk(filled, name + typed) == merged


def _walk(bench: Bench, name: str) -> list[int]:
    """Read all by going on from `pos` until it is the journal's."""
    found: list[int] = []
    after = 0
    while after < ENTRIES:
        page = bench.call("journal.read", after=after, limit=1000, **PAGES[name])
        assert page["pos"] > after
        found += [entry["pos"] for entry in page["items"]]
        after = page["pos"]
    return found


def test_an_empty_page_says_how_far_it_looked(filled: Bench) -> None:
    page = filled.call("journal.read", streams=["*"], types=["none"])
    assert page == {"items": [], "pos": MAX_SCAN_ENTRIES}
    page = filled.call("journal.read", streams=["worker:w0"], types=["none"])
    assert page == {"items": [], "pos": 2 * MAX_SCAN_ENTRIES - 1}  # every other entry is its own
    page = filled.call("journal.read", streams=["*"], types=["none"], after=ENTRIES - 7)
    assert page == {"items": [], "pos": ENTRIES}


def test_a_scan_goes_on_over_what_was_never_written(bench: Bench) -> None:
    bench.worker("w1")
    positions.note(bench.database, 1 << 40)
    bench.call("event.append", worker_id="w1", type="x")
    page = bench.call("journal.read", streams=["*"], types=["x"])
    assert [entry["pos"] for entry in page["items"]] == [(1 << 40) + 1]


# --- waits ------------------------------------------------------------------------------------
def _looks(bench: Bench, method: str, **params: object) -> list[Waiting[object]]:
    """Look until the end, each time from where the last look came to."""
    call = bench.invocation(method, params)
    found = [execute.look(bench.rx(), call)]
    while found[-1].is_partial:
        call = execute.go_on(call, found[-1])
        found.append(execute.look(bench.rx(), call))
    return found


def test_a_wait_for_a_rare_type_looks_on_from_where_it_came_to(filled: Bench) -> None:
    looks = _looks(filled, "journal.wait", streams=["*"], after=0, types=["none"])
    pages = [look.result for look in looks]
    assert all(isinstance(page, Entries) and not page.items for page in pages)
    assert len(looks) == ENTRIES // MAX_SCAN_ENTRIES + 1
    assert not any(look.ready for look in looks)
    call = filled.invocation("journal.wait", {"streams": ["*"], "after": 0, "types": ["none"]})
    assert execute.go_on(call, looks[-1]).arguments["after"] == ENTRIES


def test_what_came_before_is_not_looked_through_again(filled: Bench) -> None:
    last = _looks(filled, "journal.wait", streams=["*"], after=0, types=["none"])[-1]
    call = filled.invocation("journal.wait", {"streams": ["*"], "after": 0, "types": ["none"]})
    again = execute.go_on(call, last)
    assert steps(filled.database, lambda: execute.look(filled.rx(), again)) < 1000


@pytest.fixture
def talkative(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Give a worker with more events than one look passes over."""
    monkeypatch.setattr("penholder_daemon.core.journal.MAX_SCAN_ENTRIES", 10)
    bench.worker("w1")
    events = [{"type": "rare" if number == 27 else "output"} for number in range(1, 36)]
    bench.call("event.append_many", worker_id="w1", events=events)
    return bench


def test_event_wait_finds_a_rare_type_piece_by_piece(talkative: Bench) -> None:
    looks = _looks(talkative, "event.wait", worker_id="w1", types=["rare"])
    assert [look.ready for look in looks] == [False, False, True, False]
    pages = [look.result for look in looks]
    assert all(isinstance(page, Page) for page in pages)
    assert [page.next for page in pages if isinstance(page, Page)] == ["10", "20", "30", "35"]


def test_event_wait_goes_on_from_the_next_of_an_empty_answer(talkative: Bench) -> None:
    params: dict[str, object] = {"worker_id": "w1", "types": ["none"]}
    empty = _looks(talkative, "event.wait", **params)[-1].result
    assert isinstance(empty, Page)
    assert (empty.items, empty.next) == ([], "35")
    again = talkative.look("event.wait", **params, cursor=empty.next)
    assert (again.ready, again.is_partial) == (False, False)
    assert talkative.call("event.wait", **params, cursor="35") == {"items": [], "next": None}
    talkative.call("event.append", worker_id="w1", type="none")
    found = talkative.call("event.wait", **params, cursor=empty.next)
    assert [event["event_seq"] for event in found["items"]] == [36]


def test_an_event_wait_that_the_limit_cuts_goes_on_after_its_last(talkative: Bench) -> None:
    found = talkative.look("event.wait", worker_id="w1", types=["output"], limit=3).result
    assert isinstance(found, Page)
    events = [event for event in found.items if isinstance(event, Event)]
    assert ([event.event_seq for event in events], found.next) == ([1, 2, 3], "3")


def test_a_wait_without_types_answers_as_ever(talkative: Bench) -> None:
    found = talkative.call("event.wait", worker_id="w1", after_seq=35)
    assert found == {"items": [], "next": None}


# --- cursors ----------------------------------------------------------------------------------
@pytest.mark.parametrize("method", ["journal.read", "journal.wait"])
def test_a_cursor_ahead_of_the_journal_is_of_another_history(bench: Bench, method: str) -> None:
    bench.worker("w1")
    refusal = bench.refused(errors.CursorGone, method, streams=["*"], after=3)
    assert refusal.details == {"pos": 2, "oldest_pos": 1}
    assert bench.call(method, streams=["*"], after=2) == {"items": [], "pos": 2}


def test_so_is_that_of_a_subscription(bench: Bench) -> None:
    bench.worker("w1")
    session = FakeSession(bench, CONTROLLER)
    subscribing = subscribe(session, streams=["worker:w1"], after=3)
    with pytest.raises(errors.CursorGone) as caught:
        at_once(subscribing)
    assert caught.value.details == {"pos": 2, "oldest_pos": 1}
    assert session.subscribed == []


def test_the_oldest_of_an_empty_journal_is_the_next(bench: Bench) -> None:
    refusal = bench.refused(errors.CursorGone, "journal.read", streams=["*"], after=1)
    assert refusal.details == {"pos": 0, "oldest_pos": 1}


def test_pruned_streams_are_found_by_index_where_there_are_many(
    filled: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, "MAX_MERGED_STREAMS", 100)
    name = "children"
    found = plans(filled.database, partial(_read, filled, name))
    [plan] = [plan for plan in found if "pruned_pos" in plan.sql]
    assert plan.steps == ["SEARCH s USING INDEX streams_pruned (pruned_pos>?)"]
