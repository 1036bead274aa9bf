"""What the core and the rooms rely on, of any store."""

from contextlib import suppress
from itertools import islice

import pytest

from penholder_daemon.core.store import Row, Store, StoreBusy, StoreFault, integer
from penholder_protocol.limits import MAX_INTEGER
from tests.helpers.stores import Open

_COUNT = "INSERT INTO counters (name, value) VALUES (?, ?)"
_ALL = "SELECT name, value FROM counters ORDER BY name"
_BOARD = (
    "INSERT INTO boards (board_id, goal, state, created_at, updated_at)"
    " VALUES (?, 'g', 'pending', 'now', 'now')"
)
_TASK = (
    "INSERT INTO tasks (task_id, state, branch, worktree, description, created_at,"
    " state_changed_at, changed) VALUES (?, 'ASSIGNED', 'b', 'w', ?, 'now', 'now', ?)"
)


def _begun(store: Store) -> Store:
    store.run("BEGIN IMMEDIATE")
    return store


def _is_begun(store: Store) -> bool:
    return store.in_transaction


def _names(store: Store) -> list[object]:
    return [row[0] for row in store.rows(_ALL)]


# --- transactions -------------------------------------------------------------------------------
def test_what_is_committed_is_there_for_others_and_not_before(open_store: Open) -> None:
    store, other = open_store(), open_store()
    _begun(store).run(_COUNT, "a", 1)
    assert _names(store) == ["a"]
    assert _names(other) == []
    store.run("COMMIT")
    assert _names(other) == ["a"]


def test_what_is_rolled_back_was_never_there(store: Store) -> None:
    _begun(store).run(_COUNT, "a", 1)
    assert _is_begun(store)
    store.run("ROLLBACK")
    assert not _is_begun(store)
    assert _names(store) == []


def test_a_savepoint_takes_back_what_came_after_it_alone(store: Store) -> None:
    _begun(store).run(_COUNT, "before", 1)
    store.run("SAVEPOINT request")
    store.run(_COUNT, "after", 1)
    store.run("ROLLBACK TO request")
    store.run("RELEASE request")
    store.run(_COUNT, "later", 1)
    store.run("COMMIT")
    assert _names(store) == ["before", "later"]


def test_a_savepoint_takes_back_a_mistake(store: Store) -> None:
    _begun(store).run(_COUNT, "before", 1)
    store.run("SAVEPOINT request")
    with pytest.raises(Exception, match=r"(?i)unique"):
        store.run(_COUNT, "before", 2)
    assert _is_begun(store)
    store.run("ROLLBACK TO request")
    store.run("RELEASE request")
    store.run("COMMIT")
    assert list(store.rows(_ALL)) == [("before", 1)]


def test_after_a_mistake_the_transaction_goes_on_or_is_told_to_be_lost(store: Store) -> None:
    _begun(store).run(_COUNT, "a", 1)
    with suppress(Exception):
        store.run(_COUNT, "a", 2)
    goes_on = _is_begun(store)
    if goes_on:
        store.run("COMMIT")
    assert _names(store) == (["a"] if goes_on else [])
    _begun(store).run(_COUNT, "b", 1)
    store.run("COMMIT")
    assert "b" in _names(store)


@pytest.mark.parametrize(
    ("sql", "values"),
    [
        (_COUNT, ("a", None)),
        (_COUNT, (None, 1)),
        ("INSERT INTO fences (subject, epoch) VALUES (?, ?)", ("s", 0)),
        ("INSERT INTO workstreams SELECT * FROM workstreams WHERE nonsense", ()),
        ("SELEC 1", ()),
    ],
)
def test_a_mistake_is_no_fault_of_the_store(
    store: Store, sql: str, values: tuple[str | int | None, ...]
) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - of each store its own
        store.run(sql, *values)
    assert not isinstance(caught.value, StoreFault)


def test_only_one_writes_at_a_time(open_store: Open) -> None:
    store, other = open_store(), open_store()
    if hasattr(other, "wait_for_others"):
        other.wait_for_others(False)
    else:
        other.run("SET lock_timeout = 200")
    _begun(store)
    with pytest.raises(StoreBusy):
        other.run("BEGIN IMMEDIATE")
    assert not _is_begun(other)
    store.run("COMMIT")
    _begun(other).run("COMMIT")


def test_a_hundred_savepoints_are_one_transaction(store: Store) -> None:
    _begun(store)
    for number in range(100):
        store.run("SAVEPOINT request")
        store.run(_COUNT, f"{number:03}", number)
        if number % 2:
            store.run("ROLLBACK TO request")
        store.run("RELEASE request")
    store.run("COMMIT")
    assert len(_names(store)) == 50


def test_the_version_is_another_after_what_anybody_commits(open_store: Open) -> None:
    store, other = open_store(), open_store()
    _begun(store).run("COMMIT")
    before = store.data_version
    _begun(other).run(_COUNT, "a", 1)
    other.run("COMMIT")
    _begun(store)
    assert store.data_version != before
    store.run("COMMIT")


def test_a_probe_changes_nothing(store: Store) -> None:
    _begun(store).run(_COUNT, "a", 1)
    store.probe()
    store.run("COMMIT")
    assert list(store.rows(_ALL)) == [("a", 1)]


# --- values -------------------------------------------------------------------------------------
@pytest.mark.parametrize("number", [0, 1, -1, 2**31, 2**53 + 1, MAX_INTEGER, -(2**63)])
def test_integers_come_back_as_they_are(store: Store, number: int) -> None:
    store.run(_COUNT, "a", number)
    assert store.row("SELECT value FROM counters WHERE value = ?", number) == (number,)


@pytest.mark.parametrize("text", ["", "a'b\"c\\d", "%s $1 ?", "é\U0001f58b\u202e", "\n\t\x01", "1"])
def test_texts_come_back_as_they_are(store: Store, text: str) -> None:
    store.run(_COUNT, text, 1)
    assert store.row("SELECT name FROM counters WHERE name = ?", text) == (text,)


def test_a_text_is_never_cut(store: Store) -> None:
    """U+0000 is a character like any other, or refused; what is stored is never another text."""
    try:
        store.run(_COUNT, "a\0b", 1)
    except StoreFault:
        assert _names(store) == []
    else:
        assert _names(store) == ["a\0b"]


def test_bytes_hold_any_byte(store: Store) -> None:
    every = bytes(range(256))
    store.run(
        "INSERT INTO state_entries (scope_key, key, runner_id, binding_identity, value, updated_at)"
        " VALUES ('s', ?, 'r', 'b', '\"\\u0000\"', 'now')",
        every,
    )
    assert store.row("SELECT key, value FROM state_entries WHERE key = ?", every) == (
        every,
        '"\\u0000"',
    )


def test_null_is_none(store: Store) -> None:
    store.run(_TASK, "t", None, 1)
    assert store.row("SELECT description FROM tasks WHERE description IS NULL") == (None,)


def test_what_is_counted_or_asked_is_an_integer(store: Store) -> None:
    for number in (1, 2):
        store.run(_COUNT, str(number), number)
    [found] = store.rows(
        "SELECT COUNT(*), SUM(value), MAX(value), EXISTS (SELECT 1 FROM counters),"
        " 1 = 2 FROM counters"
    )
    assert found == (2, 3, 2, 1, 0)
    assert all(type(value) is int for value in found)


@pytest.mark.parametrize("size", [1 << 20, 8 << 20])
def test_a_large_value_comes_back_whole(store: Store, size: int) -> None:
    store.run(_TASK, "t", "x" * size, 1)
    assert store.row("SELECT octet_length(description) FROM tasks") == (size,)


def test_a_value_may_stand_in_several_places(store: Store) -> None:
    row = store.row("SELECT CAST(?2 AS TEXT), CAST(?1 AS TEXT), CAST(?2 AS TEXT)", "a", "b")
    assert row == ("b", "a", "b")
    assert store.row("SELECT '?', CAST(?1 AS TEXT), CAST(? AS TEXT)", "a", "b") == ("?", "a", "b")


def test_the_longest_words_of_every_index_are_taken_and_told_apart(store: Store) -> None:
    characters = [chr(0x10000 + at * 7919 % 0xFFFF) for at in range(4096)]
    path, of_255, of_128 = ("".join(characters[:size]) for size in (4096, 255, 128))
    controller = (
        "INSERT INTO controllers (controller_id, label, workspace_key, created_at, updated_at)"
        " VALUES (?, '', ?, '', '')"
    )
    store.run(controller, of_128, path)
    with pytest.raises(Exception, match=r"(?i)unique|exclusion"):
        store.run(controller, "another", path)
    store.run(controller, "another", f"{path}/")
    assert store.row("SELECT controller_id FROM controllers WHERE workspace_key = ?", path) == (
        of_128,
    )
    store.run(
        "INSERT INTO bindings (runner_id, binding_identity, enable_state, state_scopes, updated_at)"
        " VALUES (?1, ?1, 1, '[]', '')",
        of_255,
    )
    store.run(
        "INSERT INTO state_entries (scope_key, key, runner_id, binding_identity, value, updated_at)"
        " VALUES (?1, ?2, ?1, ?1, '', '')",
        of_255,
        of_255.encode(),
    )


# --- order --------------------------------------------------------------------------------------
def test_text_sorts_by_its_bytes(store: Store) -> None:
    for name in ("é", "z", "B", "a", "A_", "A", "_", "\U0001f58b", "�"):
        store.run(_COUNT, name, 1)
    names = [str(name) for name in _names(store)]
    assert names == sorted(names, key=str.encode)
    between = store.rows("SELECT name FROM counters WHERE name >= ? AND name < ?", "A", "b")
    assert {row[0] for row in between} == {"A", "A_", "B", "_", "a"}


def test_nulls_come_first(store: Store) -> None:
    for number, description in enumerate(("b", None, "a")):
        store.run(_TASK, str(number), description, number)
    ordered = store.rows("SELECT description FROM tasks ORDER BY description NULLS FIRST")
    assert list(ordered) == [(None,), ("a",), ("b",)]


# --- rows ---------------------------------------------------------------------------------------
def _filled(store: Store, rows: int) -> Store:
    store.run("BEGIN IMMEDIATE")
    values: list[Row] = [(f"{number:06}", number) for number in range(rows)]
    store.run_many(_COUNT, values)
    return store


@pytest.mark.parametrize("rows", [0, 1, 63, 64, 65, 320, 321, 5000])
@pytest.mark.parametrize("is_in_transaction", [True, False])
def test_every_row_comes_once_and_in_order(
    store: Store, rows: int, is_in_transaction: bool
) -> None:
    _filled(store, rows)
    if not is_in_transaction:
        store.run("COMMIT")
    found = [integer(row[0]) for row in store.rows("SELECT value FROM counters ORDER BY name")]
    assert found == list(range(rows))


def test_other_statements_run_while_rows_are_read(store: Store) -> None:
    _filled(store, 1000)
    for name, value in store.rows(_ALL):
        assert store.row("SELECT value FROM counters WHERE name = ?", name) == (value,)
    store.run("COMMIT")


def test_rows_that_are_given_up_are_in_nobodys_way(store: Store) -> None:
    _filled(store, 1000)
    for _ in range(50):
        assert len(list(islice(store.rows(_ALL), 100))) == 100
    store.run("COMMIT")
    given_up = store.rows(_ALL)
    next(given_up)
    _begun(store).run("COMMIT")
    del given_up
    assert store.row("SELECT COUNT(*) FROM counters") == (1000,)


def test_nothing_is_read_of_rows_that_nobody_asks_for(store: Store) -> None:
    _filled(store, 5000)
    store.run("COMMIT")
    before = store.steps
    for _ in range(10):
        next(store.rows("SELECT name FROM counters"))
    assert store.steps - before < 50 * 5000


# --- writing ------------------------------------------------------------------------------------
def test_a_statement_says_how_many_rows_it_changed(store: Store) -> None:
    before = store.changed_rows
    assert store.run(_COUNT, "a", 1) == 1
    assert store.run(f"{_COUNT} ON CONFLICT (name) DO NOTHING", "a", 1) == 0
    upsert = f"{_COUNT} ON CONFLICT (name) DO UPDATE SET value = counters.value + excluded.value"
    assert store.run(upsert, "a", 5) == 1
    assert store.run("UPDATE counters SET value = 0 WHERE value > 6") == 0
    store.run_many(_COUNT, [("b", 1), ("c", 2)])
    assert store.row("DELETE FROM counters WHERE name = 'b' RETURNING value") == (1,)
    assert store.changed_rows - before == 5
    assert list(store.rows(_ALL)) == [("a", 6), ("c", 2)]


def test_many_rows_are_written_in_their_order_or_none_counts(store: Store) -> None:
    _begun(store)
    with pytest.raises(Exception, match=r"(?i)unique"):
        store.run_many(_COUNT, [("a", 1), ("b", 1), ("a", 2)])
    if _is_begun(store):
        store.run("ROLLBACK")
    assert _names(store) == []
    store.run_many(_COUNT, [])
    assert _names(store) == []


def test_what_follows_a_row_goes_with_it(store: Store) -> None:
    store.run("INSERT INTO streams (name, last_seq) VALUES ('topic:t', 1)")
    store.run(
        "INSERT INTO journal (pos, stream_id, seq, entry_id, ts, type, data)"
        " SELECT 1, stream_id, 1, 'e', 'now', 't', '{}' FROM streams"
    )
    store.run(
        "INSERT INTO messages (message_pos, topic_id, message_seq, kind)"
        " SELECT 1, stream_id, 1, 'k' FROM streams"
    )
    touched = store.touched("DELETE FROM journal WHERE pos = ?", (1,))
    assert {"journal", "messages"} <= touched.deletes
    store.run("DELETE FROM journal WHERE pos = ?", 1)
    assert store.row("SELECT COUNT(*) FROM messages") == (0,)


# --- numbers ------------------------------------------------------------------------------------
def _numbers(store: Store) -> list[Row]:
    return list(store.rows("SELECT board_id, number FROM boards ORDER BY number"))


def test_numbers_are_in_the_order_of_commits_and_one_that_is_taken_back_is_given_again(
    open_store: Open,
) -> None:
    store, other = open_store(), open_store()
    _begun(store).run(_BOARD, "a")
    store.run("ROLLBACK")
    _begun(other).run(_BOARD, "b")
    other.run("COMMIT")
    _begun(store).run("SAVEPOINT request")
    store.run(_BOARD, "c")
    store.run("ROLLBACK TO request")
    store.run("RELEASE request")
    store.run(_BOARD, "d")
    store.run("COMMIT")
    assert _numbers(store) == [("b", 1), ("d", 2)]


def test_a_number_is_never_given_again_once_it_was_committed(store: Store) -> None:
    store.run(_BOARD, "a")
    store.run("DELETE FROM boards")
    store.run(_BOARD, "b")
    assert _numbers(store) == [("b", 2)]
    assert store.last_numbers() == {"boards": 2}


def test_numbers_go_on_above_what_is_set(store: Store) -> None:
    store.run(_BOARD, "a")
    store.set_number("boards", 41)
    store.set_number("briefs", 7)
    store.set_number("of_another_version", 7)
    store.run(_BOARD, "b")
    assert _numbers(store) == [("a", 1), ("b", 42)]
    assert store.last_numbers() == {"boards": 42, "briefs": 7}


def test_an_empty_database_is_not_damaged(store: Store) -> None:
    assert list(store.damage(deep=True)) == []
