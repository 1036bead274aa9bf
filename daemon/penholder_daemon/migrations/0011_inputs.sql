-- What is sent to workers, and how far each has taken it.

-- `sent_seq` outlives what is deleted, so that no number is given twice.
CREATE TABLE input_counts (
  worker_id TEXT PRIMARY KEY REFERENCES workers (worker_id),
  sent_seq INTEGER NOT NULL,
  acked_seq INTEGER NOT NULL,
  -- What is sent and not acknowledged, in bytes of its data.
  open_bytes INTEGER NOT NULL,
  CHECK (acked_seq BETWEEN 0 AND sent_seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE inputs (
  worker_id TEXT NOT NULL REFERENCES workers (worker_id),
  seq INTEGER NOT NULL,
  kind TEXT NOT NULL,
  data TEXT NOT NULL,
  created_at TEXT NOT NULL,
  PRIMARY KEY (worker_id, seq)
) STRICT;

-- Of each stream its newest entries of the types that a list of workers shows, so that none is looked
-- for; retention may have taken them.
ALTER TABLE streams ADD COLUMN output_seq INTEGER;
ALTER TABLE streams ADD COLUMN summary_seq INTEGER;
UPDATE streams SET output_seq = newest.output_seq, summary_seq = newest.summary_seq FROM (
  SELECT stream_id, MAX(seq) FILTER (WHERE type = 'output') AS output_seq,
    MAX(seq) FILTER (WHERE type = 'summary') AS summary_seq
  FROM journal NOT INDEXED WHERE type IN ('output', 'summary') GROUP BY stream_id
) AS newest WHERE newest.stream_id = streams.stream_id;
