-- The hosts of a store, and which of them a worker, a seat and an ownership is of. Null: from before
-- there were hosts, or brought from elsewhere; the first host that registers takes it for its own.
CREATE TABLE hosts (
  host_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  number BIGINT NOT NULL UNIQUE,
  host_name TEXT COLLATE "C" NOT NULL,
  -- Its highest epoch, as in `fences`; while it is active its lease is among `leases`.
  epoch BIGINT NOT NULL,
  version TEXT COLLATE "C" NOT NULL,
  started_at TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL CHECK (state IN ('active', 'expired')),
  expired_at TEXT COLLATE "C",
  CHECK ((state = 'expired') = (expired_at IS NOT NULL))
);
ALTER TABLE workers ADD COLUMN host_id TEXT COLLATE "C";
ALTER TABLE seats ADD COLUMN host_id TEXT COLLATE "C";
ALTER TABLE instances ADD COLUMN host_id TEXT COLLATE "C";
CREATE INDEX workers_by_host ON workers (host_id) WHERE state <> 'stopped';
-- Each start looks whether there is something to take: as a rule these are empty.
CREATE INDEX workers_of_no_host ON workers (worker_id) WHERE host_id IS NULL;
CREATE INDEX seats_of_no_host ON seats (worker_id) WHERE host_id IS NULL;
CREATE INDEX instances_of_no_host ON instances (controller_id) WHERE host_id IS NULL;
