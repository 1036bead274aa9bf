"""Every statement of the queue's hot calls finds its rows through an index, however many there are.

The statements are those that the calls really run, caught as SQLite gets them.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import apsw
import pytest

from penholder_daemon.core.store import SqlValue
from tests.unit.harness import Bench

CLAIM: dict[str, object] = {"queue": "q", "runner_id": "r", "lease_ms": 1000}
HOT: dict[str, tuple[str, dict[str, object]]] = {
    "claim": ("queue.claim", CLAIM),
    "claim in lanes": ("queue.claim", {**CLAIM, "lanes": ["a", "b"]}),
    "list": ("queue.list", {}),
    "list of a queue": ("queue.list", {"queue": "q"}),
    "list of a state": ("queue.list", {"state": "pending"}),
    "list of both": ("queue.list", {"queue": "q", "state": "pending"}),
    "list with a reader": ("queue.list", {"queue": "q", "reader_id": "me"}),
    "stats": ("queue.stats", {"queue": "q"}),
    "overview": ("queue.overview", {"queue": "q"}),
}


@contextmanager
def _caught(bench: Bench) -> Iterator[list[tuple[str, tuple[SqlValue, ...]]]]:
    """Catch every statement and its values."""
    caught: list[tuple[str, tuple[SqlValue, ...]]] = []

    def catch(_cursor: apsw.Cursor, sql: str, values: object) -> bool:
        assert values is None or isinstance(values, tuple)
        caught.append((sql, values or ()))
        return True

    bench.database.connection.set_exec_trace(catch)
    try:
        yield caught
    finally:
        bench.database.connection.set_exec_trace(None)


def _plan(bench: Bench, sql: str, values: tuple[SqlValue, ...]) -> list[str]:
    return [str(row[3]) for row in bench.database.rows(f"EXPLAIN QUERY PLAN {sql}", *values)]


@pytest.mark.parametrize("name", HOT)
def test_a_hot_call_reads_no_table_from_end_to_end(bench: Bench, name: str) -> None:
    for number in range(3):
        bench.call("queue.submit", tenant_id="t", project_id="p", queue="q", lane="ab"[number % 2])
    method, params = HOT[name]
    with _caught(bench) as caught:
        bench.call(method, **params)
    statements = [(sql, values) for sql, values in caught if sql.startswith(("SELECT", "UPDATE"))]
    assert statements
    for sql, values in statements:
        for step in _plan(bench, sql, values):
            # Walking an index in the list's own order, page by page, is what lists are for.
            in_order = step == "SCAN queue_tasks USING INDEX queue_tasks_in_order"
            assert in_order or not step.startswith("SCAN"), f"{sql}\n{step}"
            assert "TEMP B-TREE FOR ORDER BY" not in step, f"{sql}\n{step}"


def test_looking_for_what_is_due_reads_no_table_from_end_to_end(bench: Bench) -> None:
    bench.call("queue.submit", tenant_id="t", project_id="p", queue="q", delay_ms=5)
    with _caught(bench) as caught:
        bench.own("queue.free_due")
    statements = [(sql, values) for sql, values in caught if sql.startswith("SELECT")]
    assert len(statements) == 4
    for sql, values in statements:
        [step] = _plan(bench, sql, values)
        assert "queue_tasks_waiting" in step or "leases_of_queue_tasks" in step, f"{sql}\n{step}"
