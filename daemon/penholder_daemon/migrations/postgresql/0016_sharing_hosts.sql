-- Whose host renews a lease, where the scale of leases stands, and what a host is to do for others.
-- A lease without a host is of the one that looks.
ALTER TABLE leases ADD COLUMN host_id TEXT COLLATE "C";
CREATE INDEX leases_of_no_host ON leases (subject) WHERE host_id IS NULL;
ALTER TABLE clock ADD COLUMN leases_ms BIGINT;
CREATE TABLE host_effects (
  number BIGINT PRIMARY KEY DEFAULT next_number('host_effects'),
  host_id TEXT COLLATE "C" NOT NULL,
  -- An effect, as JSON.
  effect TEXT COLLATE "C" NOT NULL
);
CREATE INDEX host_effects_by_host ON host_effects (host_id, number);

-- How each transaction of a daemon begins: the lock of all who write (its key is `PEN`), the number
-- of this transaction and the lowest of those under way, the time, and what its host is by now. A
-- function that changes things sees in each statement what was committed before that one began, so
-- what stands behind the lock sees what it was waited for.
CREATE FUNCTION take_pen(
  pen BIGINT, own_id TEXT, waits BOOLEAN,
  OUT number BIGINT, OUT oldest BIGINT, OUT server_ms BIGINT, OUT state TEXT, OUT started_at TEXT
) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  IF waits THEN
    PERFORM pg_advisory_xact_lock(pen);
  ELSIF NOT pg_try_advisory_xact_lock(pen) THEN
    RETURN;
  END IF;
  number := CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT);
  oldest := CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT);
  server_ms := extract(epoch FROM clock_timestamp()) * 1000;
  SELECT h.state, h.started_at INTO state, started_at FROM penholder.hosts h WHERE h.host_id = own_id;
END
$$;
