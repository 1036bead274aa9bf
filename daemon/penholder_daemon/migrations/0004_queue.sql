-- Work to be claimed. `rank` is the priority with its sign turned, so that one ascending index
-- gives the order of the list: high priority first, then oldest, ties by id.

CREATE TABLE counters (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE queues (
  queue TEXT PRIMARY KEY,
  is_paused INTEGER NOT NULL DEFAULT 0 CHECK (is_paused IN (0, 1)),
  max_version INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- How many tasks there are of each kind, kept with every change: counting them would read all.
CREATE TABLE queue_counts (
  queue TEXT NOT NULL,
  lane TEXT NOT NULL,
  state TEXT NOT NULL,
  tasks INTEGER NOT NULL,
  PRIMARY KEY (queue, lane, state)
) STRICT, WITHOUT ROWID;

CREATE TABLE queue_tasks (
  queue_task_id TEXT PRIMARY KEY,
  tenant_id TEXT NOT NULL,
  project_id TEXT NOT NULL,
  queue TEXT NOT NULL,
  lane TEXT NOT NULL,
  title TEXT,
  rank INTEGER NOT NULL,
  payload TEXT NOT NULL,
  payload_hash TEXT NOT NULL,
  state TEXT NOT NULL,
  -- Whether a pending task may be claimed; one that waits until not_before_ms may not.
  is_due INTEGER NOT NULL CHECK (is_due IN (0, 1)),
  version INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  max_attempts INTEGER NOT NULL,
  backoff_ms INTEGER NOT NULL,
  not_before_ms INTEGER,
  not_before_at TEXT,
  latest_attempt TEXT,
  session_path TEXT,
  result TEXT,
  error TEXT,
  claimed_by TEXT,
  lease_expires_at TEXT,
  idempotency_key TEXT,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  canceled_at TEXT,
  cancel_reason TEXT
) STRICT;
CREATE INDEX queue_tasks_in_order ON queue_tasks (rank, created_at, queue_task_id);
CREATE INDEX queue_tasks_of_queue ON queue_tasks (queue, rank, created_at, queue_task_id);
CREATE INDEX queue_tasks_of_state ON queue_tasks (state, rank, created_at, queue_task_id);
CREATE INDEX queue_tasks_of_queue_and_state
  ON queue_tasks (queue, state, rank, created_at, queue_task_id);
CREATE INDEX queue_tasks_claimable ON queue_tasks (queue, rank, created_at, queue_task_id)
  WHERE state = 'pending' AND is_due = 1;
CREATE INDEX queue_tasks_claimable_in_lane
  ON queue_tasks (queue, lane, rank, created_at, queue_task_id)
  WHERE state = 'pending' AND is_due = 1;
CREATE INDEX queue_tasks_waiting ON queue_tasks (not_before_ms) WHERE not_before_ms IS NOT NULL;
CREATE UNIQUE INDEX queue_tasks_by_key ON queue_tasks (tenant_id, project_id, idempotency_key)
  WHERE idempotency_key IS NOT NULL;
CREATE INDEX leases_of_queue_tasks ON leases (deadline_ms)
  WHERE subject >= 'queue_task:' AND subject < 'queue_task;';
