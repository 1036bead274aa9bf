-- What every append adds, at a fraction of what it cost: fewer indexes, and rows that are added at the
-- end. The tables are made anew, which takes a while where they are large; foreign keys are off
-- meanwhile.

-- Positions are counted by the daemon. This says how far they were counted where the journal itself
-- does not show it any more; one row, once that was so.
CREATE TABLE journal_position (
  number INTEGER PRIMARY KEY CHECK (number = 1),
  pos INTEGER NOT NULL
) STRICT;
INSERT INTO journal_position (number, pos) SELECT 1, seq FROM sqlite_sequence WHERE name = 'journal';

-- The ids of entries that do not hold their position: those from before, and those of other programs.
CREATE TABLE entry_ids (
  entry_id TEXT PRIMARY KEY,
  pos INTEGER NOT NULL REFERENCES journal (pos) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
INSERT INTO entry_ids (entry_id, pos) SELECT entry_id, pos FROM journal ORDER BY entry_id;
CREATE INDEX entry_ids_by_pos ON entry_ids (pos);

CREATE TABLE journal_anew (
  pos INTEGER PRIMARY KEY,
  stream_id INTEGER NOT NULL REFERENCES streams (stream_id),
  seq INTEGER NOT NULL,
  entry_id TEXT NOT NULL,
  ts TEXT NOT NULL,
  type TEXT NOT NULL,
  turn_id TEXT,
  data TEXT NOT NULL,
  raw TEXT,
  request_id TEXT,
  -- Null: written before there were ages, or brought from elsewhere; its `ts` stands for it.
  age_ms INTEGER
) STRICT;
INSERT INTO journal_anew
  (pos, stream_id, seq, entry_id, ts, type, turn_id, data, raw, request_id, age_ms)
  SELECT pos, stream_id, seq, entry_id, ts, type, turn_id, data, raw, request_id, age_ms
  FROM journal ORDER BY pos;
DROP TABLE journal;
ALTER TABLE journal_anew RENAME TO journal;

CREATE UNIQUE INDEX journal_by_seq ON journal (stream_id, seq);
-- Of each stream every 64th entry, to find by a position where in the stream to go on.
CREATE INDEX journal_landmarks ON journal (stream_id) WHERE seq % 64 = 0;

-- Kept answers in the order in which they were given, which is that of their ages: no index of ages.
CREATE TABLE idempotency_anew (
  number INTEGER PRIMARY KEY,
  scope TEXT NOT NULL,
  method TEXT NOT NULL,
  key TEXT NOT NULL,
  params_hash TEXT NOT NULL,
  answer BLOB,
  kept_ms INTEGER NOT NULL,
  UNIQUE (scope, method, key)
) STRICT;
INSERT INTO idempotency_anew (scope, method, key, params_hash, answer, kept_ms)
  SELECT scope, method, key, params_hash, answer, kept_ms FROM idempotency ORDER BY kept_ms;
DROP TABLE idempotency;
ALTER TABLE idempotency_anew RENAME TO idempotency;
