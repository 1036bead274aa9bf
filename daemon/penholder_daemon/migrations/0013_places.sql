-- Where the entries of a stream are, noted many at a time instead of with each append (`core.places`).
CREATE TABLE journal_places (
  stream_id INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  pos INTEGER NOT NULL,
  PRIMARY KEY (stream_id, seq)
) STRICT, WITHOUT ROWID;
INSERT INTO journal_places (stream_id, seq, pos)
  SELECT stream_id, seq, pos FROM journal ORDER BY stream_id, seq;
DROP INDEX journal_by_seq;

-- Up to which position they are; always one row.
CREATE TABLE journal_placed (
  number INTEGER PRIMARY KEY CHECK (number = 1),
  pos INTEGER NOT NULL
) STRICT;
INSERT INTO journal_placed (number, pos) SELECT 1, COALESCE(MAX(pos), 0) FROM journal;
