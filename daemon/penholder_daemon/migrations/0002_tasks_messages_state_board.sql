-- Tasks under review. `changed` is the commit order of their last changes of state.

CREATE TABLE tasks (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  task_id TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL,
  branch TEXT NOT NULL,
  worktree TEXT NOT NULL,
  description TEXT,
  -- No reference: a task outlives its worker.
  worker_id TEXT,
  created_at TEXT NOT NULL,
  state_changed_at TEXT NOT NULL,
  changed INTEGER NOT NULL UNIQUE,
  heartbeat_at TEXT,
  heartbeat_ms INTEGER
) STRICT;
CREATE INDEX tasks_by_state ON tasks (state, changed);
CREATE INDEX tasks_by_worker ON tasks (worker_id, changed) WHERE worker_id IS NOT NULL;

-- Messages are entries of the journal; this finds them by kind and correlation, and goes with them.

CREATE TABLE messages (
  message_pos INTEGER PRIMARY KEY REFERENCES journal (pos) ON DELETE CASCADE,
  topic_id INTEGER NOT NULL REFERENCES streams (stream_id),
  message_seq INTEGER NOT NULL,
  kind TEXT NOT NULL,
  correlation_id TEXT
) STRICT;
CREATE INDEX messages_by_kind ON messages (topic_id, kind, message_seq);
CREATE INDEX messages_by_correlation ON messages (topic_id, correlation_id, message_seq)
  WHERE correlation_id IS NOT NULL;

-- State of runners' bindings. Keys are UTF-8 as bytes: they may hold NUL, and bytes sort as code
-- points do.

CREATE TABLE bindings (
  runner_id TEXT NOT NULL,
  binding_identity TEXT NOT NULL,
  enable_state INTEGER NOT NULL CHECK (enable_state IN (0, 1)),
  state_scopes TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  PRIMARY KEY (runner_id, binding_identity)
) STRICT, WITHOUT ROWID;

CREATE TABLE state_entries (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  scope_key TEXT NOT NULL,
  key BLOB NOT NULL,
  runner_id TEXT NOT NULL,
  binding_identity TEXT NOT NULL,
  value TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  UNIQUE (scope_key, key)
) STRICT;
CREATE INDEX state_entries_by_binding ON state_entries (binding_identity, runner_id);
CREATE INDEX state_entries_by_runner ON state_entries (runner_id);

-- Boards. Their events are entries of the journal, counted here so that a summary need not read
-- them and does not forget those that retention has taken.

CREATE TABLE boards (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  board_id TEXT NOT NULL UNIQUE,
  goal TEXT NOT NULL,
  state TEXT NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;

CREATE TABLE workstreams (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  workstream_id TEXT NOT NULL UNIQUE,
  board_id TEXT NOT NULL REFERENCES boards (board_id),
  name TEXT NOT NULL,
  tier INTEGER NOT NULL,
  state TEXT NOT NULL,
  owner_agent_id TEXT,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX workstreams_by_board ON workstreams (board_id, number);
CREATE INDEX workstreams_by_state ON workstreams (board_id, state, number);

CREATE TABLE briefs (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  brief_id TEXT NOT NULL UNIQUE,
  board_id TEXT NOT NULL REFERENCES boards (board_id),
  parent_brief_id TEXT REFERENCES briefs (brief_id),
  workstream_id TEXT REFERENCES workstreams (workstream_id),
  tier INTEGER NOT NULL,
  role TEXT NOT NULL,
  state TEXT NOT NULL,
  payload TEXT NOT NULL,
  result TEXT,
  retry_count INTEGER NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX briefs_by_board ON briefs (board_id, number);
CREATE INDEX briefs_by_parent ON briefs (board_id, parent_brief_id, number);
CREATE INDEX briefs_by_state ON briefs (board_id, state, number);

CREATE TABLE board_event_counts (
  board_id TEXT NOT NULL REFERENCES boards (board_id),
  kind TEXT NOT NULL,
  events INTEGER NOT NULL,
  PRIMARY KEY (board_id, kind)
) STRICT, WITHOUT ROWID;
