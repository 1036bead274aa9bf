-- A walk through a list sees what its reader had read when it began: each rise of a read cursor is
-- numbered and keeps the version before it.
ALTER TABLE read_cursors ADD COLUMN rise INTEGER NOT NULL DEFAULT 0;
ALTER TABLE read_cursors ADD COLUMN version_before INTEGER;

-- Runs whose leases ran out are found among any number that are held.
CREATE INDEX leases_of_runs ON leases (deadline_ms) WHERE subject >= 'run:' AND subject < 'run;';

-- The seat that asked; null where nobody sat.
ALTER TABLE approvals ADD COLUMN runtime_epoch INTEGER;
