-- Core: streams and the journal, fences, leases, seats, idempotency.

CREATE TABLE streams (
  stream_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  parent TEXT,
  last_seq INTEGER NOT NULL,
  -- What retention has taken: all up to here is gone.
  pruned_seq INTEGER NOT NULL DEFAULT 0,
  pruned_pos INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX streams_by_parent ON streams (parent) WHERE parent IS NOT NULL;

CREATE TABLE journal (
  -- AUTOINCREMENT: a position is never given twice, also when the newest entries are pruned.
  pos INTEGER PRIMARY KEY AUTOINCREMENT,
  stream_id INTEGER NOT NULL REFERENCES streams (stream_id),
  seq INTEGER NOT NULL,
  entry_id TEXT NOT NULL UNIQUE,
  ts TEXT NOT NULL,
  type TEXT NOT NULL,
  turn_id TEXT,
  data TEXT NOT NULL,
  raw TEXT,
  request_id TEXT
) STRICT;
CREATE UNIQUE INDEX journal_by_seq ON journal (stream_id, seq);
-- For reads of one stream by position; the position is in every index by itself.
CREATE INDEX journal_by_stream ON journal (stream_id);

CREATE TABLE fences (
  subject TEXT PRIMARY KEY,
  epoch INTEGER NOT NULL CHECK (epoch > 0),
  token_hash TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE leases (
  subject TEXT PRIMARY KEY,
  lease_ms INTEGER NOT NULL,
  deadline_ms INTEGER NOT NULL,
  expires_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE seats (
  worker_id TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  pid INTEGER NOT NULL,
  started_ticks INTEGER NOT NULL,
  boot_id TEXT NOT NULL,
  attached_at TEXT NOT NULL,
  ended_at TEXT,
  PRIMARY KEY (worker_id, epoch)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX seats_held ON seats (worker_id) WHERE ended_at IS NULL;

CREATE TABLE idempotency (
  scope TEXT NOT NULL,
  method TEXT NOT NULL,
  key TEXT NOT NULL,
  params_hash TEXT NOT NULL,
  answer BLOB,
  kept_ms INTEGER NOT NULL,
  PRIMARY KEY (scope, method, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_by_age ON idempotency (kept_ms);

-- Rooms. `number` is the commit order, by which lists are sorted and paged.

CREATE TABLE controllers (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  controller_id TEXT NOT NULL UNIQUE,
  label TEXT NOT NULL,
  workspace_key TEXT NOT NULL UNIQUE,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;

CREATE TABLE instances (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  instance_id TEXT NOT NULL UNIQUE,
  controller_id TEXT NOT NULL REFERENCES controllers (controller_id),
  epoch INTEGER NOT NULL,
  pid INTEGER,
  is_active INTEGER NOT NULL CHECK (is_active IN (0, 1)),
  created_at TEXT NOT NULL,
  released_at TEXT,
  UNIQUE (controller_id, epoch)
) STRICT;
CREATE UNIQUE INDEX instances_active ON instances (controller_id) WHERE is_active = 1;

CREATE TABLE workers (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  worker_id TEXT NOT NULL UNIQUE,
  controller_id TEXT NOT NULL REFERENCES controllers (controller_id),
  label TEXT NOT NULL,
  launcher TEXT NOT NULL,
  profile TEXT NOT NULL,
  packs TEXT NOT NULL,
  cwd TEXT NOT NULL,
  env TEXT NOT NULL,
  session_id TEXT NOT NULL,
  endpoint_pid INTEGER,
  runtime_socket TEXT,
  state TEXT NOT NULL,
  recovery_state TEXT NOT NULL,
  active_turn_id TEXT,
  heartbeat_at TEXT,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  stopped_at TEXT,
  last_error TEXT
) STRICT;
CREATE INDEX workers_by_controller ON workers (controller_id, number);
CREATE INDEX workers_by_state ON workers (state, number);

CREATE TABLE approvals (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  request_id TEXT NOT NULL UNIQUE,
  worker_id TEXT NOT NULL REFERENCES workers (worker_id),
  turn_id TEXT,
  state TEXT NOT NULL,
  kind TEXT NOT NULL,
  message TEXT NOT NULL,
  options TEXT NOT NULL,
  created_at TEXT NOT NULL,
  deadline_at TEXT,
  deadline_ms INTEGER,
  on_deadline TEXT,
  decided_at TEXT,
  decision TEXT,
  selected_option_id TEXT,
  selected_alias TEXT,
  note TEXT
) STRICT;
CREATE INDEX approvals_by_worker ON approvals (worker_id, state, number);
CREATE INDEX approvals_by_state ON approvals (state, number);
CREATE INDEX approvals_due ON approvals (deadline_ms) WHERE state = 'pending' AND deadline_ms IS NOT NULL;

CREATE TABLE handoffs (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  snapshot_id TEXT NOT NULL UNIQUE,
  worker_id TEXT NOT NULL REFERENCES workers (worker_id),
  controller_id TEXT NOT NULL,
  source_turn_id TEXT,
  handoff_path TEXT NOT NULL,
  checkpoint_path TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT;
CREATE INDEX handoffs_by_worker ON handoffs (worker_id, number);
CREATE INDEX handoffs_by_controller ON handoffs (controller_id, number);
