"""What an older database held goes on: its instants lie on the daemon's scales."""

from pathlib import Path

import pytest

from penholder_daemon import migrations
from penholder_daemon.shell.store.opening import open_writer
from tests.helpers.harness import Bench

OLD = 4
WALL_MS = 1_767_225_600_000
"""The wall clock of the bench at its start: 2026-01-01."""
_STORED = f"""
INSERT INTO controllers VALUES (1, 'c1', 'c', '/', 't', 't');
INSERT INTO workers (worker_id, controller_id, label, launcher, profile, packs, cwd, env,
  session_id, state, recovery_state, created_at, updated_at)
  VALUES ('w1', 'c1', 'l', 'l', 'p', '[]', '/', '{{}}', 's', 'idle', 'lost', 't', 't');
INSERT INTO streams (stream_id, name, parent, last_seq) VALUES
  (1, 'controller:c1', NULL, 0), (2, 'worker:w1', 'controller:c1', 2);
INSERT INTO journal (stream_id, seq, entry_id, ts, type, data) VALUES
  (2, 1, 'ev_a', '2026-01-01T00:00:00.000Z', 'x', '{{}}'),
  (2, 2, 'ev_b', '2026-01-01T00:00:08.000Z', 'x', '{{}}');
INSERT INTO approvals (request_id, worker_id, state, kind, message, options, created_at,
  deadline_at, deadline_ms)
  VALUES ('ap_old', 'w1', 'pending', 'k', 'm', '[]', 't', '2026-01-01T00:00:02.000Z',
          {WALL_MS + 2000});
INSERT INTO queue_tasks (queue_task_id, tenant_id, project_id, queue, lane, rank, payload,
  payload_hash, state, is_due, version, attempts, max_attempts, backoff_ms, not_before_ms,
  not_before_at, created_at, updated_at) VALUES
  ('due', 't', 'p', 'q', 'l', 0, '{{}}', '', 'pending', 1, 1, 0, 1, 1, NULL,
   '2026-01-01T00:00:00.250Z', 't', 't'),
  ('later', 't', 'p', 'q', 'l', 0, '{{}}', '', 'pending', 0, 2, 0, 1, 1, {WALL_MS + 1500},
   '2026-01-01T00:00:01.500Z', 't', 't');
INSERT INTO idempotency VALUES ('uid:1', 'm', 'k', '', NULL, {WALL_MS - 7 * 86_400_000 + 11_000});
"""


@pytest.fixture
def upgraded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Give a bench on a database that was filled under an older schema."""
    path = tmp_path / "p.db"
    steps = migrations.steps()
    monkeypatch.setattr(migrations, "steps", lambda: steps[:OLD])
    store = open_writer(path)
    store.run(_STORED)
    store.close()
    monkeypatch.undo()
    bench = Bench(path)
    assert migrations.version(bench.database) == len(steps)
    return bench


def test_a_deadline_of_before(upgraded: Bench) -> None:
    approval = upgraded.call("approval.get", request_id="ap_old")
    assert approval["deadline_at"] == "2026-01-01T00:00:02.000Z"
    assert upgraded.call("approval.list", controller_id="c1")["items"] == [approval]
    upgraded.world.pass_ms(1999)
    upgraded.own("approval.expire_due")
    assert upgraded.call("approval.list")["items"] == [approval]
    upgraded.world.pass_ms(1)
    upgraded.own("approval.expire_due")
    assert upgraded.call("approval.list")["items"] == []


def test_tasks_of_before(upgraded: Bench) -> None:
    due, later = upgraded.call("queue.list")["items"]
    assert due["not_before_at"] == "2026-01-01T00:00:00.250Z"
    assert later["not_before_at"] == "2026-01-01T00:00:01.500Z"
    claim = {"queue": "q", "runner_id": "r", "lease_ms": 60_000, "max_tasks": 9}
    [claimed] = upgraded.call("queue.claim", **claim)["items"]
    assert claimed["task"]["queue_task_id"] == "due"
    upgraded.world.pass_ms(1500)
    [claimed] = upgraded.call("queue.claim", **claim)["items"]
    assert claimed["task"]["queue_task_id"] == "later"


def test_ages_of_before(upgraded: Bench) -> None:
    upgraded.world.pass_ms(10_000)
    prune = {"streams": ["worker:w1"], "dry_run": True}
    taken = [
        upgraded.call("daemon.prune", older_than_ms=age_ms, **prune)["entries"]
        for age_ms in (10_000, 9_999, 1_999)
    ]
    assert taken == [0, 1, 2]
    for passed_ms, left in ((1000, 1), (1, 0)):
        upgraded.world.pass_ms(passed_ms)
        upgraded.own("daemon.forget_old_answers")
        assert upgraded.database.row("SELECT COUNT(*) FROM idempotency") == (left,)
