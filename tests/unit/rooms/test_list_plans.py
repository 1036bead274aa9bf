"""Every list finds its rows through an index in its own order, whatever it is asked for.

What no index holds apart is looked for in a bounded part of the list, which says where it ended.
"""

from collections.abc import Iterator
from functools import partial
from itertools import combinations

import pytest
from bench.plans import plans, steps

from penholder_protocol.limits import MAX_SCAN_ENTRIES
from tests.helpers.harness import Bench, Json
from tests.helpers.running import ask, make_run_in
from tests.helpers.stores import sqlite_only

pytestmark = sqlite_only("plans and steps")

FILTERS: dict[str, tuple[dict[str, object], dict[str, object]]] = {
    "host.list": ({}, {}),
    "controller.list": ({}, {}),
    "controller.instances": ({}, {"controller_id": "c1", "active_only": False}),
    "worker.list": ({}, {"controller_id": "c1", "state": "idle"}),
    "event.list": ({"worker_id": "w1"}, {"after_seq": 1}),
    "approval.list": ({}, {"worker_id": "w1", "controller_id": "c1", "state": None}),
    "input.list": ({"worker_id": "w1"}, {"after_seq": 1}),
    "handoff.list": ({}, {"worker_id": "w1", "controller_id": "c1"}),
    "task.list": ({}, {"state": "ASSIGNED", "stale": "dead", "worker_id": "w1"}),
    "message.list": ({"topic": "t"}, {"kind": "k", "correlation_id": "c", "after_seq": 1}),
    "run.list": ({}, {"tenant_id": "t", "project_id": "p", "state": "pending"}),
    "run.events": ({"run_id": "r1"}, {"after_seq": 1}),
    "command.list": ({"run_id": "r1"}, {"after_seq": 1}),
    "job.list": ({"run_id": "r1"}, {"command_id": "cmd_1"}),
    "runner.list": ({}, {}),
    "session.list": ({}, {"state": "all", "backend_profile": "codex", "reader_id": "me"}),
    "session.trace": ({"session_id": "s1"}, {"after_seq": 1}),
    "session.output": ({"session_id": "s1"}, {"after_seq": 1}),
    "queue.list": ({}, {"queue": "q", "state": "pending", "after_version": 1, "reader_id": "me"}),
    "board.list": ({}, {}),
    "board.events": ({"board_id": "b"}, {"after_seq": 1}),
    "workstream.list": ({"board_id": "b"}, {"state": "active"}),
    "brief.list": ({"board_id": "b"}, {"state": "done"}),
}
"""Of each list what it needs, and what it can be asked for beside."""
ASKED = [
    (method, {**needed, **dict(chosen)})
    for method, (needed, optional) in FILTERS.items()
    for size in range(len(optional) + 1)
    for chosen in combinations(optional.items(), size)
]


def _furnish() -> Bench:
    bench = Bench()
    bench.worker()
    bench.call("event.append", worker_id="w1", type="x")
    make_run_in(bench)
    assert ask(bench) == "cmd_1"
    bench.call("queue.submit", tenant_id="t", project_id="p", queue="q")
    bench.call("board.create", board_id="b", goal="g")
    return bench


@pytest.fixture(scope="module")
def furnished() -> Iterator[Bench]:
    """Give a bench with one of everything that is listed."""
    bench = _furnish()
    yield bench
    bench.database.close()


def test_every_list_is_looked_at(furnished: Bench) -> None:
    lists = {
        name
        for name, method in furnished.registry.methods.items()
        if name.endswith(".list") and any(field.name == "cursor" for field in method.fields)
    }
    assert lists <= set(FILTERS)


@pytest.mark.parametrize(("method", "params"), ASKED)
def test_a_list_reads_along_an_index(
    furnished: Bench, method: str, params: dict[str, object]
) -> None:
    found = plans(furnished.database, lambda: furnished.call(method, **params))
    assert found
    for plan in found:
        assert plan.uses_indexes, str(plan)


def test_so_does_what_looks_for_deadlines(furnished: Bench) -> None:
    for plan in plans(furnished.database, lambda: furnished.own("approval.expire_due")):
        assert plan.uses_indexes, str(plan)


MANY = 12_000
_NUMBERS = f"WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < {MANY})"


# --- what an index holds apart ------------------------------------------------------------------
_OTHERS = {
    "approval.list": (
        "INSERT INTO approvals (request_id, worker_id, controller_id, state, kind, message,"
        " options, created_at) NUMBERS SELECT 'a' || x, 'w2', 'c2', 'decided', 'k', 'm', '[]', 't'"
        " FROM n"
    ),
    "handoff.list": (
        "INSERT INTO handoffs (snapshot_id, worker_id, controller_id, handoff_path,"
        " checkpoint_path, created_at) NUMBERS SELECT 'h' || x, 'w2', 'c2', '/', '/', 't' FROM n"
    ),
    "controller.instances": (
        "INSERT INTO instances (instance_id, controller_id, epoch, is_active, created_at) NUMBERS"
        " SELECT 'i' || x, 'c2', x, 0, 't' FROM n"
    ),
    "worker.list": (
        "INSERT INTO workers (worker_id, controller_id, label, launcher, profile, packs, cwd, env,"
        " session_id, state, recovery_state, created_at, updated_at) NUMBERS SELECT 'o' || x,"
        " CASE x % 2 WHEN 0 THEN 'c2' ELSE 'c1' END, 'l', 'l', 'p', '[]', '/', '{}', 's',"
        " CASE x % 2 WHEN 0 THEN 'idle' ELSE 'stopped' END, 'lost', 't', 't' FROM n"
    ),
    "task.list": (
        "INSERT INTO tasks (task_id, state, branch, worktree, worker_id, created_at,"
        " state_changed_at, changed) NUMBERS SELECT 'o' || x, CASE x % 2 WHEN 0 THEN 'ASSIGNED'"
        " ELSE 'FAILED' END, 'b', '/', CASE x % 2 WHEN 0 THEN 'w2' ELSE 'w1' END, 't', 't', x"
        " FROM n"
    ),
    "job.list": (
        "INSERT INTO jobs (job_id, run_id, command_id, payload_hash, attempt_id, runner_id,"
        " namespace, job_name, manager_url, image, source_commit, result, created_at, updated_at)"
        " NUMBERS SELECT 'j' || x, 'r1', 'cmd_2', '', 'a', 'r', 'n', 'j', 'm', 'i', 's', '{}', 't',"
        " 't' FROM n"
    ),
    "run.list": (
        "INSERT INTO runs (run_id, tenant_id, project_id, backend_profile, metadata, state,"
        " created_at, updated_at) NUMBERS SELECT 'o' || x, CASE x % 2 WHEN 0 THEN 't2' ELSE 't'"
        " END, 'p', 'codex', '{}', CASE x % 2 WHEN 0 THEN 'pending' ELSE 'failed' END, 't', 't'"
        " FROM n"
    ),
    "brief.list": (
        "INSERT INTO briefs (brief_id, board_id, tier, role, state, payload, retry_count,"
        " created_at, updated_at) NUMBERS SELECT 'o' || x, 'b', 1, 'r', 'active', '{}', 0, 't', 't'"
        " FROM n"
    ),
    "workstream.list": (
        "INSERT INTO workstreams (workstream_id, board_id, name, tier, state, created_at,"
        " updated_at) NUMBERS SELECT 'o' || x, 'b', 'n', 1, 'done', 't', 't' FROM n"
    ),
}
"""Thousands of rows that a filter leaves out; with two filters, half of them for each."""
_NARROWED: list[tuple[str, dict[str, object]]] = [
    ("approval.list", {}),
    ("approval.list", {"worker_id": "w1"}),
    ("approval.list", {"worker_id": "w1", "state": None}),
    ("approval.list", {"controller_id": "c1"}),
    ("approval.list", {"controller_id": "c1", "state": None}),
    ("approval.list", {"worker_id": "w1", "controller_id": "c1", "state": None}),
    ("handoff.list", {"worker_id": "w1"}),
    ("handoff.list", {"controller_id": "c1"}),
    ("handoff.list", {"worker_id": "w1", "controller_id": "c1"}),
    ("controller.instances", {}),
    ("controller.instances", {"controller_id": "c1", "active_only": False}),
    ("worker.list", {"controller_id": "c1", "state": "idle"}),
    ("task.list", {"state": "ASSIGNED", "worker_id": "w1"}),
    ("job.list", {"run_id": "r1", "command_id": "cmd_1"}),
    ("run.list", {"tenant_id": "t", "state": "pending"}),
    ("brief.list", {"board_id": "b", "state": "done"}),
    ("workstream.list", {"board_id": "b", "state": "active"}),
]
_STEPS_OF_FEW = 2_000


@pytest.mark.parametrize(("method", "params"), _NARROWED)
def test_what_a_filter_leaves_out_costs_nothing(method: str, params: dict[str, object]) -> None:
    bench = _furnish()
    bench.database.run("PRAGMA foreign_keys = OFF")
    bench.database.run(_OTHERS[method].replace("NUMBERS", _NUMBERS))
    assert steps(bench.database, lambda: bench.call(method, **params)) < _STEPS_OF_FEW


def test_nor_does_it_of_messages(bench: Bench) -> None:
    for number in range(300):
        kind, correlation_id = ("k", "c2") if number % 2 else ("other", "c")
        bench.call("message.publish", topic="t", kind=kind, correlation_id=correlation_id)
    looked = partial(bench.call, "message.list", topic="t", kind="k", correlation_id="c")
    assert looked()["items"] == []
    assert steps(bench.database, looked) < 300


# --- what no index holds apart ------------------------------------------------------------------
_FILL = {
    "run.list": (
        f"INSERT INTO runs (run_id, tenant_id, project_id, backend_profile, metadata, state,"
        f" created_at, updated_at) {_NUMBERS} SELECT 'run' || x, 't',"
        " CASE x WHEN 3 THEN 'rare' ELSE 'p' END, 'codex', '{}', 'pending', 't', 't' FROM n"
    ),
    "task.list": (
        "INSERT INTO tasks (task_id, state, branch, worktree, created_at, state_changed_at,"
        f" changed, heartbeat_ms) {_NUMBERS} SELECT 'task' || x, 'WORKING', 'b', '/t', 't', 't', x,"
        " CASE x WHEN 3 THEN NULL ELSE 4102444800000 END FROM n"
    ),
    "session.list": (
        "INSERT INTO sessions (session_id, tenant_id, project_id, backend_profile, metadata,"
        f" version, state, last_event_seq, last_activity_at, created_at, updated_at) {_NUMBERS}"
        " SELECT 'session' || x, 't', 'p', CASE x WHEN 3 THEN 'rare' ELSE 'codex' END, '{}', x,"
        " 'idle', 0, printf('%06d', x), 't', 't' FROM n"
    ),
    "queue.list": (
        "INSERT INTO queue_tasks (queue_task_id, tenant_id, project_id, queue, lane, rank,"
        " payload, payload_hash, state, is_due, version, attempts, max_attempts, backoff_ms,"
        f" created_at, updated_at) {_NUMBERS} SELECT printf('task%06d', x), 't', 'p', 'q', 'l', 0,"
        " '{}', '', 'pending', 1, CASE x WHEN 11003 THEN 20000 ELSE x END, 0, 1, 1, 't', 't' FROM n"
    ),
}
_ASKED_FOR: dict[str, dict[str, object]] = {
    "run.list": {"project_id": "rare"},
    "task.list": {"stale": "dead"},
    "queue.list": {"after_version": 15_000},
    "session.list": {"backend_profile": "rare"},
}
_STEPS_OF_A_PAGE = 400_000


@pytest.fixture(params=_FILL)
def crowded(request: pytest.FixtureRequest) -> tuple[Bench, str]:
    """Give a list with very many of which one is asked for, far from its start."""
    bench = Bench()
    method = str(request.param)
    bench.database.run(_FILL[method])
    return bench, method


def _page(crowded: tuple[Bench, str], cursor: str | None) -> Json:
    bench, method = crowded
    return bench.call(method, **_ASKED_FOR[method], cursor=cursor)


def test_a_rare_one_is_found_page_by_page(crowded: tuple[Bench, str]) -> None:
    bench, _ = crowded
    lengths, cursor = [], None
    while True:
        assert steps(bench.database, partial(_page, crowded, cursor)) < _STEPS_OF_A_PAGE
        page = _page(crowded, cursor)
        lengths.append(len(page["items"]))
        cursor = page["next"]
        if cursor is None:
            break
    assert lengths == [*[0] * (MANY // MAX_SCAN_ENTRIES - 1), 1]


def test_output_of_a_long_run_is_found_page_by_page(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("penholder_daemon.core.journal.MAX_SCAN_ENTRIES", 10)
    make_run_in(bench)
    for number in range(25):
        type_ = "diff" if number == 20 else "usage"
        bench.call("run.append_event", run_id="r1", type=type_)
    pages = [bench.call("session.output", session_id="s1")]
    while pages[-1]["next"] is not None:
        pages.append(bench.call("session.output", session_id="s1", cursor=pages[-1]["next"]))
    assert [[event["type"] for event in page["items"]] for page in pages] == [[], [], ["diff"]]
