-- Under which keys answers are kept, noted many at a time instead of with each (`core.kept_answers`).
CREATE TABLE idempotency_anew (
  number INTEGER PRIMARY KEY,
  scope TEXT NOT NULL,
  method TEXT NOT NULL,
  key TEXT NOT NULL,
  params_hash TEXT NOT NULL,
  answer BLOB,
  kept_ms INTEGER NOT NULL
) STRICT;
INSERT INTO idempotency_anew (number, scope, method, key, params_hash, answer, kept_ms)
  SELECT number, scope, method, key, params_hash, answer, kept_ms FROM idempotency ORDER BY number;
DROP TABLE idempotency;
ALTER TABLE idempotency_anew RENAME TO idempotency;

CREATE TABLE idempotency_keys (
  scope TEXT NOT NULL,
  method TEXT NOT NULL,
  key TEXT NOT NULL,
  number INTEGER NOT NULL,
  PRIMARY KEY (scope, method, key)
) STRICT, WITHOUT ROWID;
INSERT INTO idempotency_keys (scope, method, key, number)
  SELECT scope, method, key, number FROM idempotency ORDER BY scope, method, key;

-- Up to which answer they are; always one row.
CREATE TABLE idempotency_noted (
  number INTEGER PRIMARY KEY CHECK (number = 1),
  up_to INTEGER NOT NULL
) STRICT;
INSERT INTO idempotency_noted (number, up_to) SELECT 1, COALESCE(MAX(number), 0) FROM idempotency;
