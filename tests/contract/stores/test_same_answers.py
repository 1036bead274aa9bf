"""Histories of drawn calls, carried out on both stores: every answer and every row is the same."""

import pytest

from tests.helpers import postgresql_programs, soak
from tests.helpers.differing import Pair
from tests.helpers.stores import Open

CALLS = soak.many(250, 1000)


@pytest.mark.parametrize("seed", range(soak.many(2, 10)))
def test_the_same_calls_are_answered_alike(seed: int) -> None:
    postgresql_programs.require()
    found = list(Pair(seed).differences(CALLS))
    assert not found, "\n".join([f"{len(found)} differ:", *found[:10]])


def test_what_no_text_of_a_store_can_be_is_found_nowhere(open_store: Open) -> None:
    """U+0000 is no part of a text in PostgreSQL; who looks for one hears that it is not there."""
    store = open_store()
    store.run("INSERT INTO counters (name, value) VALUES ('ab', 1), ('b', 2)")
    assert store.row("SELECT value FROM counters WHERE name = ?", "a\0b") is None
    assert list(store.rows("SELECT value FROM counters WHERE name > ? ORDER BY name", "a\0b")) == [
        (1,), (2,),
    ]  # fmt: skip
    assert list(store.rows("SELECT value FROM counters WHERE name > ? ORDER BY 1", "b\0")) == []
    assert store.run("DELETE FROM counters WHERE name = ?", "ab\0") == 0
    assert store.row("SELECT COUNT(*) FROM counters WHERE (name = ?1 OR ?1 IS NULL)", "\0") == (0,)
