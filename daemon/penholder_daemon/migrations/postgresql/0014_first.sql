-- The schema of PostgreSQL, which stands for SQLite's steps 0001 to 0014: the same tables, columns
-- and indexes, and the same texts of SQL run on both. What differs:
--
-- - Text sorts by its bytes whatever the database's own order is, as SQLite's does.
-- - Flags are integers, JSON is text as it came: jsonb would order keys anew and refuse \u0000.
-- - Numbers are counted in a table, under the lock that every writer takes. A sequence gives numbers
--   before the commit and beside the transaction: readers would pass over what commits later.

CREATE TABLE schema_version (
  number BIGINT PRIMARY KEY CHECK (number = 1),
  version BIGINT NOT NULL
);

CREATE TABLE numbers (
  name TEXT COLLATE "C" PRIMARY KEY,
  number BIGINT NOT NULL
) WITH (fillfactor = 50);

CREATE FUNCTION next_number(of_table TEXT) RETURNS BIGINT LANGUAGE SQL VOLATILE AS $$
  INSERT INTO penholder.numbers AS n (name, number) VALUES (of_table, 1)
    ON CONFLICT (name) DO UPDATE SET number = n.number + 1 RETURNING number
$$;

CREATE TABLE streams (
  stream_id BIGINT PRIMARY KEY DEFAULT next_number('streams'),
  name TEXT COLLATE "C" NOT NULL UNIQUE,
  parent TEXT COLLATE "C",
  last_seq BIGINT NOT NULL,
  -- What retention has taken: all up to here is gone.
  pruned_seq BIGINT NOT NULL DEFAULT 0,
  pruned_pos BIGINT NOT NULL DEFAULT 0,
  output_seq BIGINT,
  summary_seq BIGINT
);
CREATE INDEX streams_by_parent ON streams (parent) WHERE parent IS NOT NULL;
CREATE INDEX streams_pruned ON streams (pruned_pos) WHERE pruned_pos > 0;

CREATE TABLE journal (
  pos BIGINT PRIMARY KEY,
  stream_id BIGINT NOT NULL REFERENCES streams (stream_id),
  seq BIGINT NOT NULL,
  entry_id TEXT COLLATE "C" NOT NULL,
  ts TEXT COLLATE "C" NOT NULL,
  type TEXT COLLATE "C" NOT NULL,
  turn_id TEXT COLLATE "C",
  data TEXT COLLATE "C" NOT NULL,
  raw TEXT COLLATE "C",
  request_id TEXT COLLATE "C",
  -- Null: written before there were ages, or brought from elsewhere; its `ts` stands for it.
  age_ms BIGINT,
  blobs TEXT COLLATE "C"
);
-- With the position, which SQLite has in every index by itself.
CREATE INDEX journal_landmarks ON journal (stream_id, pos) WHERE seq % 64 = 0;

CREATE TABLE journal_position (
  number BIGINT PRIMARY KEY CHECK (number = 1),
  pos BIGINT NOT NULL
);

CREATE TABLE journal_places (
  stream_id BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  pos BIGINT NOT NULL,
  PRIMARY KEY (stream_id, seq)
);

CREATE TABLE journal_placed (
  number BIGINT PRIMARY KEY CHECK (number = 1),
  pos BIGINT NOT NULL
);

CREATE TABLE entry_ids (
  entry_id TEXT COLLATE "C" PRIMARY KEY,
  pos BIGINT NOT NULL REFERENCES journal (pos) ON DELETE CASCADE
);
CREATE INDEX entry_ids_by_pos ON entry_ids (pos);

CREATE TABLE fences (
  subject TEXT COLLATE "C" PRIMARY KEY,
  epoch BIGINT NOT NULL CHECK (epoch > 0),
  token_hash TEXT COLLATE "C"
);

CREATE TABLE leases (
  subject TEXT COLLATE "C" PRIMARY KEY,
  lease_ms BIGINT NOT NULL,
  deadline_ms BIGINT NOT NULL
);
CREATE INDEX leases_of_queue_tasks ON leases (deadline_ms)
  WHERE subject >= 'queue_task:' AND subject < 'queue_task;';
CREATE INDEX leases_of_runs ON leases (deadline_ms) WHERE subject >= 'run:' AND subject < 'run;';

CREATE TABLE seats (
  worker_id TEXT COLLATE "C" NOT NULL,
  epoch BIGINT NOT NULL,
  pid BIGINT NOT NULL,
  started_ticks BIGINT NOT NULL,
  boot_id TEXT COLLATE "C" NOT NULL,
  attached_at TEXT COLLATE "C" NOT NULL,
  ended_at TEXT COLLATE "C",
  end_forced BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (worker_id, epoch)
);
CREATE UNIQUE INDEX seats_held ON seats (worker_id) WHERE ended_at IS NULL;

CREATE TABLE idempotency (
  number BIGINT PRIMARY KEY DEFAULT next_number('idempotency'),
  scope TEXT COLLATE "C" NOT NULL,
  method TEXT COLLATE "C" NOT NULL,
  key TEXT COLLATE "C" NOT NULL,
  params_hash TEXT COLLATE "C" NOT NULL,
  answer BYTEA,
  kept_ms BIGINT NOT NULL
);

CREATE TABLE idempotency_keys (
  scope TEXT COLLATE "C" NOT NULL,
  method TEXT COLLATE "C" NOT NULL,
  key TEXT COLLATE "C" NOT NULL,
  number BIGINT NOT NULL,
  PRIMARY KEY (scope, method, key)
);

CREATE TABLE idempotency_noted (
  number BIGINT PRIMARY KEY CHECK (number = 1),
  up_to BIGINT NOT NULL
);

CREATE TABLE clock (
  number BIGINT PRIMARY KEY CHECK (number = 1),
  boot_id TEXT COLLATE "C" NOT NULL,
  boottime_ms BIGINT NOT NULL,
  wall_ms BIGINT NOT NULL,
  delays_ms BIGINT NOT NULL,
  ages_ms BIGINT NOT NULL
);

CREATE TABLE counters (
  name TEXT COLLATE "C" PRIMARY KEY,
  value BIGINT NOT NULL
);

CREATE TABLE controllers (
  number BIGINT PRIMARY KEY DEFAULT next_number('controllers'),
  controller_id TEXT COLLATE "C" NOT NULL UNIQUE,
  label TEXT COLLATE "C" NOT NULL,
  workspace_key TEXT COLLATE "C" NOT NULL,
  created_at TEXT COLLATE "C" NOT NULL,
  updated_at TEXT COLLATE "C" NOT NULL,
  -- By its hash: a path may be longer than a sorted index holds.
  CONSTRAINT controllers_of_workspaces EXCLUDE USING hash (workspace_key WITH =)
);

CREATE TABLE instances (
  number BIGINT PRIMARY KEY DEFAULT next_number('instances'),
  instance_id TEXT COLLATE "C" NOT NULL UNIQUE,
  controller_id TEXT COLLATE "C" NOT NULL REFERENCES controllers (controller_id),
  epoch BIGINT NOT NULL,
  pid BIGINT,
  is_active BIGINT NOT NULL CHECK (is_active IN (0, 1)),
  created_at TEXT COLLATE "C" NOT NULL,
  released_at TEXT COLLATE "C",
  UNIQUE (controller_id, epoch)
);
CREATE UNIQUE INDEX instances_active ON instances (controller_id) WHERE is_active = 1;
CREATE INDEX instances_of_controller ON instances (controller_id, number);
CREATE INDEX instances_by_activity ON instances (is_active, number);

CREATE TABLE workers (
  number BIGINT PRIMARY KEY DEFAULT next_number('workers'),
  worker_id TEXT COLLATE "C" NOT NULL UNIQUE,
  controller_id TEXT COLLATE "C" NOT NULL REFERENCES controllers (controller_id),
  label TEXT COLLATE "C" NOT NULL,
  launcher TEXT COLLATE "C" NOT NULL,
  profile TEXT COLLATE "C" NOT NULL,
  packs TEXT COLLATE "C" NOT NULL,
  cwd TEXT COLLATE "C" NOT NULL,
  env TEXT COLLATE "C" NOT NULL,
  session_id TEXT COLLATE "C" NOT NULL,
  endpoint_pid BIGINT,
  runtime_socket TEXT COLLATE "C",
  state TEXT COLLATE "C" NOT NULL,
  recovery_state TEXT COLLATE "C" NOT NULL,
  active_turn_id TEXT COLLATE "C",
  heartbeat_at TEXT COLLATE "C",
  created_at TEXT COLLATE "C" NOT NULL,
  updated_at TEXT COLLATE "C" NOT NULL,
  stopped_at TEXT COLLATE "C",
  last_error TEXT COLLATE "C"
);
CREATE INDEX workers_by_controller ON workers (controller_id, number);
CREATE INDEX workers_by_state ON workers (state, number);
CREATE INDEX workers_of_controller_by_state ON workers (controller_id, state, number);

CREATE TABLE approvals (
  number BIGINT PRIMARY KEY DEFAULT next_number('approvals'),
  request_id TEXT COLLATE "C" NOT NULL UNIQUE,
  worker_id TEXT COLLATE "C" NOT NULL REFERENCES workers (worker_id),
  turn_id TEXT COLLATE "C",
  state TEXT COLLATE "C" NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  message TEXT COLLATE "C" NOT NULL,
  options TEXT COLLATE "C" NOT NULL,
  created_at TEXT COLLATE "C" NOT NULL,
  deadline_ms BIGINT,
  on_deadline TEXT COLLATE "C",
  decided_at TEXT COLLATE "C",
  decision TEXT COLLATE "C",
  selected_option_id TEXT COLLATE "C",
  selected_alias TEXT COLLATE "C",
  note TEXT COLLATE "C",
  runtime_epoch BIGINT,
  controller_id TEXT COLLATE "C",
  keep BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX approvals_by_worker ON approvals (worker_id, state, number);
CREATE INDEX approvals_by_state ON approvals (state, number);
CREATE INDEX approvals_due ON approvals (deadline_ms) WHERE state = 'pending' AND deadline_ms IS NOT NULL;
CREATE INDEX approvals_of_worker ON approvals (worker_id, number);
CREATE INDEX approvals_of_controller ON approvals (controller_id, number);
CREATE INDEX approvals_of_controller_by_state ON approvals (controller_id, state, number);

CREATE TABLE handoffs (
  number BIGINT PRIMARY KEY DEFAULT next_number('handoffs'),
  snapshot_id TEXT COLLATE "C" NOT NULL UNIQUE,
  worker_id TEXT COLLATE "C" NOT NULL REFERENCES workers (worker_id),
  controller_id TEXT COLLATE "C" NOT NULL,
  source_turn_id TEXT COLLATE "C",
  handoff_path TEXT COLLATE "C" NOT NULL,
  checkpoint_path TEXT COLLATE "C" NOT NULL,
  created_at TEXT COLLATE "C" NOT NULL
);
CREATE INDEX handoffs_by_worker ON handoffs (worker_id, number);
CREATE INDEX handoffs_by_controller ON handoffs (controller_id, number);

CREATE TABLE input_counts (
  worker_id TEXT COLLATE "C" PRIMARY KEY REFERENCES workers (worker_id),
  sent_seq BIGINT NOT NULL,
  acked_seq BIGINT NOT NULL,
  -- What is sent and not acknowledged, in bytes of its data.
  open_bytes BIGINT NOT NULL,
  CHECK (acked_seq BETWEEN 0 AND sent_seq)
);

CREATE TABLE inputs (
  worker_id TEXT COLLATE "C" NOT NULL REFERENCES workers (worker_id),
  seq BIGINT NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  data TEXT COLLATE "C" NOT NULL,
  created_at TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (worker_id, seq)
);

CREATE TABLE tasks (
  number BIGINT PRIMARY KEY DEFAULT next_number('tasks'),
  task_id TEXT COLLATE "C" NOT NULL UNIQUE,
  state TEXT COLLATE "C" NOT NULL,
  branch TEXT COLLATE "C" NOT NULL,
  worktree TEXT COLLATE "C" NOT NULL,
  description TEXT COLLATE "C",
  -- No reference: a task outlives its worker.
  worker_id TEXT COLLATE "C",
  created_at TEXT COLLATE "C" NOT NULL,
  state_changed_at TEXT COLLATE "C" NOT NULL,
  changed BIGINT NOT NULL UNIQUE,
  heartbeat_at TEXT COLLATE "C",
  heartbeat_ms BIGINT
);
CREATE INDEX tasks_by_state ON tasks (state, changed);
CREATE INDEX tasks_by_worker ON tasks (worker_id, changed) WHERE worker_id IS NOT NULL;
CREATE INDEX tasks_of_worker_by_state ON tasks (worker_id, state, changed)
  WHERE worker_id IS NOT NULL;

CREATE TABLE messages (
  message_pos BIGINT PRIMARY KEY REFERENCES journal (pos) ON DELETE CASCADE,
  topic_id BIGINT NOT NULL REFERENCES streams (stream_id),
  message_seq BIGINT NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  correlation_id TEXT COLLATE "C"
);
CREATE INDEX messages_by_kind ON messages (topic_id, kind, message_seq);
CREATE INDEX messages_by_correlation ON messages (topic_id, correlation_id, message_seq)
  WHERE correlation_id IS NOT NULL;
CREATE INDEX messages_by_both ON messages (topic_id, correlation_id, kind, message_seq)
  WHERE correlation_id IS NOT NULL;

CREATE TABLE bindings (
  runner_id TEXT COLLATE "C" NOT NULL,
  binding_identity TEXT COLLATE "C" NOT NULL,
  enable_state BIGINT NOT NULL CHECK (enable_state IN (0, 1)),
  state_scopes TEXT COLLATE "C" NOT NULL,
  updated_at TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (runner_id, binding_identity)
);

CREATE TABLE state_entries (
  number BIGINT PRIMARY KEY DEFAULT next_number('state_entries'),
  scope_key TEXT COLLATE "C" NOT NULL,
  key BYTEA NOT NULL,
  runner_id TEXT COLLATE "C" NOT NULL,
  binding_identity TEXT COLLATE "C" NOT NULL,
  value TEXT COLLATE "C" NOT NULL,
  updated_at TEXT COLLATE "C" NOT NULL,
  UNIQUE (scope_key, key)
);
CREATE INDEX state_entries_by_binding ON state_entries (binding_identity, runner_id);
CREATE INDEX state_entries_by_runner ON state_entries (runner_id);

CREATE TABLE boards (
  number BIGINT PRIMARY KEY DEFAULT next_number('boards'),
  board_id TEXT COLLATE "C" NOT NULL UNIQUE,
  goal TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL,
  created_at TEXT COLLATE "C" NOT NULL,
  updated_at TEXT COLLATE "C" NOT NULL
);

CREATE TABLE workstreams (
  number BIGINT PRIMARY KEY DEFAULT next_number('workstreams'),
  workstream_id TEXT COLLATE "C" NOT NULL UNIQUE,
  board_id TEXT COLLATE "C" NOT NULL REFERENCES boards (board_id),
  name TEXT COLLATE "C" NOT NULL,
  tier BIGINT NOT NULL,
  state TEXT COLLATE "C" NOT NULL,
  owner_agent_id TEXT COLLATE "C",
  created_at TEXT COLLATE "C" NOT NULL,
  updated_at TEXT COLLATE "C" NOT NULL
);
CREATE INDEX workstreams_by_board ON workstreams (board_id, number);
CREATE INDEX workstreams_by_state ON workstreams (board_id, state, number);

CREATE TABLE briefs (
  number BIGINT PRIMARY KEY DEFAULT next_number('briefs'),
  brief_id TEXT COLLATE "C" NOT NULL UNIQUE,
  board_id TEXT COLLATE "C" NOT NULL REFERENCES boards (board_id),
  parent_brief_id TEXT COLLATE "C" REFERENCES briefs (brief_id),
  workstream_id TEXT COLLATE "C" REFERENCES workstreams (workstream_id),
  tier BIGINT NOT NULL,
  role TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL,
  payload TEXT COLLATE "C" NOT NULL,
  result TEXT COLLATE "C",
  retry_count BIGINT NOT NULL,
  created_at TEXT COLLATE "C" NOT NULL,
  updated_at TEXT COLLATE "C" NOT NULL
);
CREATE INDEX briefs_by_board ON briefs (board_id, number);
CREATE INDEX briefs_by_parent ON briefs (board_id, parent_brief_id, number);
CREATE INDEX briefs_by_state ON briefs (board_id, state, number);

CREATE TABLE board_event_counts (
  board_id TEXT COLLATE "C" NOT NULL REFERENCES boards (board_id),
  kind TEXT COLLATE "C" NOT NULL,
  events BIGINT NOT NULL,
  PRIMARY KEY (board_id, kind)
);

CREATE TABLE read_cursors (
  reader TEXT COLLATE "C" NOT NULL,
  subject TEXT COLLATE "C" NOT NULL,
  version BIGINT NOT NULL,
  read_at TEXT COLLATE "C" NOT NULL,
  rise BIGINT NOT NULL DEFAULT 0,
  version_before BIGINT,
  PRIMARY KEY (reader, subject)
);

CREATE TABLE sessions (
  session_id TEXT COLLATE "C" PRIMARY KEY,
  tenant_id TEXT COLLATE "C" NOT NULL,
  project_id TEXT COLLATE "C" NOT NULL,
  backend_profile TEXT COLLATE "C" NOT NULL,
  conversation_id TEXT COLLATE "C",
  thread_id TEXT COLLATE "C",
  metadata TEXT COLLATE "C" NOT NULL,
  version BIGINT NOT NULL UNIQUE,
  state TEXT COLLATE "C" NOT NULL,
  last_run_id TEXT COLLATE "C",
  last_command_id TEXT COLLATE "C",
  active_run_id TEXT COLLATE "C",
  active_command_id TEXT COLLATE "C",
  last_event_seq BIGINT NOT NULL,
  outcome TEXT COLLATE "C",
  failure_kind TEXT COLLATE "C",
  title TEXT COLLATE "C",
  last_activity_at TEXT COLLATE "C" NOT NULL,
  created_at TEXT COLLATE "C" NOT NULL,
  updated_at TEXT COLLATE "C" NOT NULL,
  expires_at TEXT COLLATE "C",
  is_active BIGINT NOT NULL GENERATED ALWAYS AS (
    CASE WHEN state = 'running' OR active_run_id IS NOT NULL OR active_command_id IS NOT NULL
    THEN 1 ELSE 0 END
  ) STORED
);
CREATE INDEX sessions_by_activity ON sessions (is_active, last_activity_at DESC, session_id);

CREATE TABLE runs (
  number BIGINT PRIMARY KEY DEFAULT next_number('runs'),
  run_id TEXT COLLATE "C" NOT NULL UNIQUE,
  tenant_id TEXT COLLATE "C" NOT NULL,
  project_id TEXT COLLATE "C" NOT NULL,
  backend_profile TEXT COLLATE "C" NOT NULL,
  session_id TEXT COLLATE "C" REFERENCES sessions (session_id),
  session_ref TEXT COLLATE "C",
  resource_bundle_ref TEXT COLLATE "C",
  metadata TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL,
  failure_kind TEXT COLLATE "C",
  failure_message TEXT COLLATE "C",
  claimed_by TEXT COLLATE "C",
  is_active BIGINT NOT NULL DEFAULT 0 CHECK (is_active IN (0, 1)),
  -- How many commands the run ever had: the last one's number.
  last_command_seq BIGINT NOT NULL DEFAULT 0,
  created_at TEXT COLLATE "C" NOT NULL,
  updated_at TEXT COLLATE "C" NOT NULL
);
CREATE INDEX runs_by_state ON runs (state, number, tenant_id, project_id, backend_profile);
CREATE INDEX runs_of_tenant_by_state
  ON runs (state, tenant_id, number, project_id, backend_profile);
CREATE INDEX runs_by_tenant ON runs (tenant_id, number, project_id);
CREATE INDEX runs_by_session ON runs (session_id, claimed_by) WHERE session_id IS NOT NULL;
CREATE INDEX runs_active ON runs (session_id) WHERE is_active = 1;

CREATE TABLE commands (
  command_id TEXT COLLATE "C" PRIMARY KEY,
  run_id TEXT COLLATE "C" NOT NULL REFERENCES runs (run_id),
  seq BIGINT NOT NULL,
  type TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL,
  payload TEXT COLLATE "C" NOT NULL,
  payload_hash TEXT COLLATE "C" NOT NULL,
  idempotency_key TEXT COLLATE "C",
  created_at TEXT COLLATE "C" NOT NULL,
  updated_at TEXT COLLATE "C" NOT NULL,
  acknowledged_at TEXT COLLATE "C",
  UNIQUE (run_id, seq)
);
CREATE INDEX commands_by_state ON commands (run_id, state, seq);
CREATE UNIQUE INDEX commands_by_key ON commands (run_id, idempotency_key)
  WHERE idempotency_key IS NOT NULL;

CREATE TABLE runners (
  number BIGINT PRIMARY KEY DEFAULT next_number('runners'),
  runner_id TEXT COLLATE "C" NOT NULL UNIQUE,
  metadata TEXT COLLATE "C" NOT NULL,
  registered_at TEXT COLLATE "C" NOT NULL,
  heartbeat_at TEXT COLLATE "C" NOT NULL
);

CREATE TABLE jobs (
  number BIGINT PRIMARY KEY DEFAULT next_number('jobs'),
  job_id TEXT COLLATE "C" NOT NULL UNIQUE,
  run_id TEXT COLLATE "C" NOT NULL REFERENCES runs (run_id),
  command_id TEXT COLLATE "C" NOT NULL REFERENCES commands (command_id),
  idempotency_key TEXT COLLATE "C",
  payload_hash TEXT COLLATE "C" NOT NULL,
  attempt_id TEXT COLLATE "C" NOT NULL,
  runner_id TEXT COLLATE "C" NOT NULL,
  namespace TEXT COLLATE "C" NOT NULL,
  job_name TEXT COLLATE "C" NOT NULL,
  manager_url TEXT COLLATE "C" NOT NULL,
  image TEXT COLLATE "C" NOT NULL,
  source_commit TEXT COLLATE "C" NOT NULL,
  service_account_name TEXT COLLATE "C",
  result TEXT COLLATE "C" NOT NULL,
  created_at TEXT COLLATE "C" NOT NULL,
  updated_at TEXT COLLATE "C" NOT NULL
);
CREATE INDEX jobs_by_run ON jobs (run_id, number, command_id);
CREATE UNIQUE INDEX jobs_by_key ON jobs (run_id, idempotency_key)
  WHERE idempotency_key IS NOT NULL;
CREATE INDEX jobs_by_command ON jobs (command_id, number);

CREATE TABLE queues (
  queue TEXT COLLATE "C" PRIMARY KEY,
  is_paused BIGINT NOT NULL DEFAULT 0 CHECK (is_paused IN (0, 1)),
  max_version BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE queue_counts (
  queue TEXT COLLATE "C" NOT NULL,
  lane TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL,
  tasks BIGINT NOT NULL,
  PRIMARY KEY (queue, lane, state)
);

CREATE TABLE queue_tasks (
  queue_task_id TEXT COLLATE "C" PRIMARY KEY,
  tenant_id TEXT COLLATE "C" NOT NULL,
  project_id TEXT COLLATE "C" NOT NULL,
  queue TEXT COLLATE "C" NOT NULL,
  lane TEXT COLLATE "C" NOT NULL,
  title TEXT COLLATE "C",
  rank BIGINT NOT NULL,
  payload TEXT COLLATE "C" NOT NULL,
  payload_hash TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL,
  -- Whether a pending task may be claimed; one that waits until not_before_ms may not.
  is_due BIGINT NOT NULL CHECK (is_due IN (0, 1)),
  version BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  max_attempts BIGINT NOT NULL,
  backoff_ms BIGINT NOT NULL,
  not_before_ms BIGINT,
  latest_attempt TEXT COLLATE "C",
  session_path TEXT COLLATE "C",
  result TEXT COLLATE "C",
  error TEXT COLLATE "C",
  claimed_by TEXT COLLATE "C",
  idempotency_key TEXT COLLATE "C",
  created_at TEXT COLLATE "C" NOT NULL,
  updated_at TEXT COLLATE "C" NOT NULL,
  canceled_at TEXT COLLATE "C",
  cancel_reason TEXT COLLATE "C"
);
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
CREATE UNIQUE INDEX queue_tasks_by_key ON queue_tasks (tenant_id, project_id, idempotency_key)
  WHERE idempotency_key IS NOT NULL;
CREATE INDEX queue_tasks_waiting ON queue_tasks (not_before_ms)
  WHERE is_due = 0 AND not_before_ms IS NOT NULL;
CREATE INDEX queue_tasks_versions ON queue_tasks (queue_task_id, version);

CREATE TABLE blobs (
  blob_id TEXT COLLATE "C" PRIMARY KEY,
  size BIGINT NOT NULL,
  -- Its last put, by the scale of ages; null once it was found named when that was long ago.
  put_ms BIGINT
);
CREATE INDEX blobs_put ON blobs (put_ms) WHERE put_ms IS NOT NULL;

CREATE TABLE blob_names (
  stream_id BIGINT NOT NULL REFERENCES streams (stream_id),
  seq BIGINT NOT NULL,
  blob_id TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (stream_id, seq, blob_id)
);
CREATE INDEX blob_names_by_blob ON blob_names (blob_id, stream_id);

CREATE TABLE blob_room (
  number BIGINT PRIMARY KEY CHECK (number = 1),
  bytes BIGINT NOT NULL CHECK (bytes >= 0)
);

-- Their bytes, in pieces; without a server they are files.
CREATE TABLE blob_bytes (
  blob_id TEXT COLLATE "C" NOT NULL,
  at BIGINT NOT NULL,
  bytes BYTEA NOT NULL,
  PRIMARY KEY (blob_id, at)
);

-- One row each, always.
INSERT INTO journal_placed (number, pos) VALUES (1, 0);
INSERT INTO idempotency_noted (number, up_to) VALUES (1, 0);
