-- Up to where entries are placed is told to each daemon as its transaction begins, and is no change any
-- more for which all is forgotten.
DROP TRIGGER count_change ON journal_placed;

-- Others are told of a commit by whoever begins it: what is told is sent with the commit, or never.
DROP FUNCTION take_pen;
CREATE FUNCTION take_pen(
  pen BIGINT, own_id TEXT, known_pos BIGINT, tells BOOLEAN,
  OUT number BIGINT, OUT oldest BIGINT, OUT server_ms BIGINT, OUT state TEXT, OUT started_at TEXT,
  OUT changed BIGINT, OUT pos BIGINT, OUT heads TEXT, OUT placed BIGINT, OUT mark TEXT,
  OUT left_here BIGINT
) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(pen);
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
  placed := (SELECT p.pos FROM penholder.journal_placed p);
  SELECT json_build_array(c.boot_id, c.boottime_ms, c.wall_ms, c.delays_ms, c.ages_ms, c.leases_ms)
    INTO mark FROM penholder.clock c;
  left_here := CASE WHEN EXISTS (SELECT 1 FROM penholder.host_effects e WHERE e.host_id = own_id)
    THEN 1 ELSE 0 END;
  IF tells THEN
    PERFORM pg_notify('penholder', CAST(number AS TEXT));
  END IF;
END
$$;
