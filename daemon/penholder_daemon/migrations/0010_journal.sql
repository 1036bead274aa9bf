-- The journal at a third of what an entry cost: of its three indexes and its numbering one index is
-- left. The table is made anew, which takes a while where it is large; foreign keys are off meanwhile.

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
