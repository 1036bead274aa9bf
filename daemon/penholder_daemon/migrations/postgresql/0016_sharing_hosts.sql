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

-- How often something was changed that a daemon holds in memory of what it has read, but for what
-- appends change: whoever finds another number here forgets all of it. Counted by triggers, so that
-- nobody can change such a row unseen. `last_seq` of a stream is not among them: with it comes an
-- entry, and entries are looked at themselves.
CREATE TABLE changes (
  number BIGINT PRIMARY KEY CHECK (number = 1),
  changed BIGINT NOT NULL
) WITH (fillfactor = 50);
CREATE FUNCTION count_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO penholder.changes AS c (number, changed) VALUES (1, 1)
    ON CONFLICT (number) DO UPDATE SET changed = c.changed + 1;
  RETURN NULL;
END
$$;
CREATE TRIGGER count_change AFTER UPDATE OR DELETE ON fences EXECUTE FUNCTION count_change();
CREATE TRIGGER count_change AFTER UPDATE OR DELETE ON seats EXECUTE FUNCTION count_change();
CREATE TRIGGER count_change AFTER UPDATE OF worker_id, controller_id, host_id OR DELETE ON workers
  EXECUTE FUNCTION count_change();
CREATE TRIGGER count_change AFTER INSERT OR UPDATE OF host_id, state OR DELETE ON hosts
  EXECUTE FUNCTION count_change();
CREATE TRIGGER count_change AFTER UPDATE OF stream_id, name, parent OR DELETE ON streams
  EXECUTE FUNCTION count_change();
CREATE TRIGGER count_change AFTER UPDATE OR DELETE ON journal_placed
  EXECUTE FUNCTION count_change();
CREATE TRIGGER count_change AFTER DELETE ON journal EXECUTE FUNCTION count_change();

-- How each transaction of a daemon begins: the lock of all who write (its key is `PEN`); the number
-- of this transaction and the lowest of those under way; the time, and where the scales stood last;
-- what its host is by now, and whether something was left for it; and what others have done since it
-- knew the journal up to a position. A
-- function that changes things sees in each statement what was committed before that one began, so
-- what stands behind the lock sees what it was waited for. Without a lock that is not waited for
-- the number is null.
CREATE FUNCTION take_pen(
  pen BIGINT, own_id TEXT, known_pos BIGINT, waits BOOLEAN,
  OUT number BIGINT, OUT oldest BIGINT, OUT server_ms BIGINT, OUT state TEXT, OUT started_at TEXT,
  OUT changed BIGINT, OUT pos BIGINT, OUT heads TEXT, OUT mark TEXT, OUT left_here BIGINT
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
  changed := COALESCE((SELECT c.changed FROM penholder.changes c), 0);
  pos := GREATEST(
    COALESCE((SELECT MAX(j.pos) FROM penholder.journal j), 0),
    COALESCE((SELECT p.pos FROM penholder.journal_position p), 0)
  );
  IF pos = known_pos THEN
    heads := '[]';
  ELSIF pos - known_pos BETWEEN 1 AND 1000 THEN
    SELECT json_agg(json_build_array(s.name, h.seq)) INTO heads
      FROM (SELECT j.stream_id, MAX(j.seq) AS seq FROM penholder.journal j WHERE j.pos > known_pos
        GROUP BY j.stream_id) h
      JOIN penholder.streams s ON s.stream_id = h.stream_id;
  END IF;
  SELECT json_build_array(c.boot_id, c.boottime_ms, c.wall_ms, c.delays_ms, c.ages_ms, c.leases_ms)
    INTO mark FROM penholder.clock c;
  left_here := CASE WHEN EXISTS (SELECT 1 FROM penholder.host_effects e WHERE e.host_id = own_id)
    THEN 1 ELSE 0 END;
END
$$;
