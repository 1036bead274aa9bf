"""Every statement of the queue's hot calls finds its rows through an index, however many there are.

`python -m bench queue` looks at the same on 200,000 tasks.
"""

from functools import partial

import pytest
from bench.plans import plans
from bench.queue_plans import HOT

from tests.helpers.harness import Bench
from tests.helpers.stores import sqlite_only

pytestmark = sqlite_only("plans")


@pytest.mark.parametrize("name", HOT)
def test_a_hot_call_reads_no_table_from_end_to_end(bench: Bench, name: str) -> None:
    for lane in ("lane0", "lane1", "lane0"):
        bench.call("queue.submit", tenant_id="t", project_id="p", queue="q", lane=lane)
    method, params = HOT[name]
    found = plans(bench.database, lambda: bench.call(method, **params))
    assert found
    for plan in found:
        assert plan.uses_indexes, str(plan)


def test_a_submit_reads_no_table_from_end_to_end(bench: Bench) -> None:
    task: dict[str, object] = {"tenant_id": "t", "project_id": "p", "queue": "q"}
    bench.call("queue.submit", **task)  # the first transaction of a run renews all leases
    for priority in (1, 1):  # the first in its line asks for more
        found = plans(
            bench.database, partial(bench.call, "queue.submit", priority=priority, **task)
        )
        for plan in found:
            assert plan.uses_indexes, str(plan)


def test_looking_for_what_is_due_reads_no_table_from_end_to_end(bench: Bench) -> None:
    bench.call("queue.submit", tenant_id="t", project_id="p", queue="q", delay_ms=5)
    found = plans(bench.database, lambda: bench.own("queue.free_due"))
    looks = [plan for plan in found if plan.sql.startswith("SELECT") and "LIMIT" in plan.sql]
    assert len(looks) == 4
    for plan in looks:
        [step] = plan.steps
        assert "queue_tasks_waiting" in step or "leases_of_queue_tasks" in step, str(plan)


def test_a_plan_that_reads_all_is_known_as_such(bench: Bench) -> None:
    [plan] = plans(
        bench.database, lambda: bench.database.row("SELECT 1 FROM queue_tasks WHERE title = 'x'")
    )
    assert not plan.uses_indexes
