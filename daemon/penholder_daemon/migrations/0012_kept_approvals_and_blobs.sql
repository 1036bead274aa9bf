-- Questions that outlive the seat which asked, and what is too large for a value.

ALTER TABLE approvals ADD COLUMN keep INTEGER NOT NULL DEFAULT 0;

-- What is kept beside the journal; the bytes are not in here (see `core.blobs`).
CREATE TABLE blobs (
  blob_id TEXT PRIMARY KEY,
  size INTEGER NOT NULL,
  -- Its last put, by the scale of ages; null once it was found named when that was long ago.
  put_ms INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX blobs_put ON blobs (put_ms) WHERE put_ms IS NOT NULL;

-- Which entries name them, to find out whether any does.
CREATE TABLE blob_names (
  stream_id INTEGER NOT NULL REFERENCES streams (stream_id),
  seq INTEGER NOT NULL,
  blob_id TEXT NOT NULL,
  PRIMARY KEY (stream_id, seq, blob_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX blob_names_by_blob ON blob_names (blob_id, stream_id);

-- The same as the entry says it: a JSON list, null for none.
ALTER TABLE journal ADD COLUMN blobs TEXT;

-- How much room all blobs take, in bytes; no row before the first.
CREATE TABLE blob_room (
  number INTEGER PRIMARY KEY CHECK (number = 1),
  bytes INTEGER NOT NULL CHECK (bytes >= 0)
) STRICT;
