-- Whose host renews a lease, where the scale of leases stands, and what a host is to do for others.
-- A lease without a host is of the one that looks.
ALTER TABLE leases ADD COLUMN host_id TEXT;
CREATE INDEX leases_of_no_host ON leases (subject) WHERE host_id IS NULL;
ALTER TABLE clock ADD COLUMN leases_ms INTEGER;
CREATE TABLE host_effects (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  host_id TEXT NOT NULL,
  -- An effect, as JSON.
  effect TEXT NOT NULL
) STRICT;
CREATE INDEX host_effects_by_host ON host_effects (host_id, number);
