-- The hosts of a store, and which of them a worker, a seat and an ownership is of. Null: from before
-- there were hosts, or brought from elsewhere; the first host that registers takes it for its own.
CREATE TABLE hosts (
  host_id TEXT NOT NULL PRIMARY KEY,
  number INTEGER NOT NULL UNIQUE,
  host_name TEXT NOT NULL,
  -- Its highest epoch, as in `fences`; while it is active its lease is among `leases`.
  epoch INTEGER NOT NULL,
  version TEXT NOT NULL,
  started_at TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('active', 'expired')),
  expired_at TEXT,
  CHECK ((state = 'expired') = (expired_at IS NOT NULL))
) STRICT;
ALTER TABLE workers ADD COLUMN host_id TEXT;
ALTER TABLE seats ADD COLUMN host_id TEXT;
ALTER TABLE instances ADD COLUMN host_id TEXT;
CREATE INDEX workers_by_host ON workers (host_id) WHERE state <> 'stopped';
-- Each start looks whether there is something to take: as a rule these are empty.
CREATE INDEX workers_of_no_host ON workers (worker_id) WHERE host_id IS NULL;
CREATE INDEX seats_of_no_host ON seats (worker_id) WHERE host_id IS NULL;
CREATE INDEX instances_of_no_host ON instances (controller_id) WHERE host_id IS NULL;
