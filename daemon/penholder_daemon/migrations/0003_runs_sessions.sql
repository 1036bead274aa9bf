-- Readers: which version of a subject each has read.

CREATE TABLE read_cursors (
  reader TEXT NOT NULL,
  subject TEXT NOT NULL,
  version INTEGER NOT NULL,
  read_at TEXT NOT NULL,
  PRIMARY KEY (reader, subject)
) STRICT, WITHOUT ROWID;

-- Sessions; their versions are one counter over all of them.

CREATE TABLE sessions (
  session_id TEXT PRIMARY KEY,
  tenant_id TEXT NOT NULL,
  project_id TEXT NOT NULL,
  backend_profile TEXT NOT NULL,
  conversation_id TEXT,
  thread_id TEXT,
  metadata TEXT NOT NULL,
  version INTEGER NOT NULL UNIQUE,
  state TEXT NOT NULL,
  last_run_id TEXT,
  last_command_id TEXT,
  active_run_id TEXT,
  active_command_id TEXT,
  last_event_seq INTEGER NOT NULL,
  outcome TEXT,
  failure_kind TEXT,
  title TEXT,
  last_activity_at TEXT NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  expires_at TEXT,
  is_active INTEGER NOT NULL GENERATED ALWAYS AS (
    CASE WHEN state = 'running' OR active_run_id IS NOT NULL OR active_command_id IS NOT NULL
    THEN 1 ELSE 0 END
  ) STORED
) STRICT;
CREATE INDEX sessions_by_activity ON sessions (is_active, last_activity_at DESC, session_id);

-- Runs. `is_active` says that the run keeps its session running: from a claim, a turn or a steer
-- to the end of its last open turn, or of itself.

CREATE TABLE runs (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id TEXT NOT NULL UNIQUE,
  tenant_id TEXT NOT NULL,
  project_id TEXT NOT NULL,
  backend_profile TEXT NOT NULL,
  session_id TEXT REFERENCES sessions (session_id),
  session_ref TEXT,
  resource_bundle_ref TEXT,
  metadata TEXT NOT NULL,
  state TEXT NOT NULL,
  failure_kind TEXT,
  failure_message TEXT,
  claimed_by TEXT,
  is_active INTEGER NOT NULL DEFAULT 0 CHECK (is_active IN (0, 1)),
  -- How many commands the run ever had: the last one's number.
  last_command_seq INTEGER NOT NULL DEFAULT 0,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;
-- The columns after the number let a claim pass over runs that it did not ask for.
CREATE INDEX runs_by_state ON runs (state, number, tenant_id, project_id, backend_profile);
CREATE INDEX runs_of_tenant_by_state
  ON runs (state, tenant_id, number, project_id, backend_profile);
CREATE INDEX runs_by_tenant ON runs (tenant_id, number, project_id);
CREATE INDEX runs_by_session ON runs (session_id, claimed_by) WHERE session_id IS NOT NULL;
CREATE INDEX runs_active ON runs (session_id) WHERE is_active = 1;

CREATE TABLE commands (
  command_id TEXT PRIMARY KEY,
  run_id TEXT NOT NULL REFERENCES runs (run_id),
  seq INTEGER NOT NULL,
  type TEXT NOT NULL,
  state TEXT NOT NULL,
  payload TEXT NOT NULL,
  payload_hash TEXT NOT NULL,
  idempotency_key TEXT,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  acknowledged_at TEXT,
  UNIQUE (run_id, seq)
) STRICT;
CREATE INDEX commands_by_state ON commands (run_id, state, seq);
CREATE UNIQUE INDEX commands_by_key ON commands (run_id, idempotency_key)
  WHERE idempotency_key IS NOT NULL;

CREATE TABLE runners (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  runner_id TEXT NOT NULL UNIQUE,
  metadata TEXT NOT NULL,
  registered_at TEXT NOT NULL,
  heartbeat_at TEXT NOT NULL
) STRICT;

CREATE TABLE jobs (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  job_id TEXT NOT NULL UNIQUE,
  run_id TEXT NOT NULL REFERENCES runs (run_id),
  command_id TEXT NOT NULL REFERENCES commands (command_id),
  idempotency_key TEXT,
  payload_hash TEXT NOT NULL,
  attempt_id TEXT NOT NULL,
  runner_id TEXT NOT NULL,
  namespace TEXT NOT NULL,
  job_name TEXT NOT NULL,
  manager_url TEXT NOT NULL,
  image TEXT NOT NULL,
  source_commit TEXT NOT NULL,
  service_account_name TEXT,
  result TEXT NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX jobs_by_run ON jobs (run_id, number, command_id);
CREATE UNIQUE INDEX jobs_by_key ON jobs (run_id, idempotency_key)
  WHERE idempotency_key IS NOT NULL;
