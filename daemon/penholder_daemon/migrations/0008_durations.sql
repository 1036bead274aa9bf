-- Durations on the daemon's own scales (core/durations.py): what was stored by the wall clock lies on
-- them as it is, and what only told the same instants as text is told when it is read.

-- Where the scales stood at some instant; one row, once a daemon has written.
CREATE TABLE clock (
  number INTEGER PRIMARY KEY CHECK (number = 1),
  boot_id TEXT NOT NULL,
  boottime_ms INTEGER NOT NULL,
  wall_ms INTEGER NOT NULL,
  delays_ms INTEGER NOT NULL,
  ages_ms INTEGER NOT NULL
) STRICT;

-- Null: written before there were ages, or brought from elsewhere; its `ts` stands for it.
ALTER TABLE journal ADD COLUMN age_ms INTEGER;

ALTER TABLE leases DROP COLUMN expires_at;
ALTER TABLE approvals DROP COLUMN deadline_at;

-- A task that is due and waits for a runner still tells since when.
UPDATE queue_tasks
  SET not_before_ms = unixepoch(not_before_at) * 1000 + CAST(substr(not_before_at, 21, 3) AS INTEGER)
  WHERE not_before_ms IS NULL AND not_before_at IS NOT NULL;
DROP INDEX queue_tasks_waiting;
CREATE INDEX queue_tasks_waiting ON queue_tasks (not_before_ms)
  WHERE is_due = 0 AND not_before_ms IS NOT NULL;
ALTER TABLE queue_tasks DROP COLUMN not_before_at;
ALTER TABLE queue_tasks DROP COLUMN lease_expires_at;
