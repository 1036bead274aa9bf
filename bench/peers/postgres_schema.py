"""PostgreSQL's tables and functions: an append is one call that checks, numbers and inserts."""

SCHEMA = """
CREATE TABLE worker (
  id text PRIMARY KEY, epoch integer NOT NULL, token text NOT NULL, last bigint NOT NULL DEFAULT 0
);
CREATE TABLE event (
  pos bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  worker text NOT NULL, number bigint NOT NULL,
  at timestamptz NOT NULL DEFAULT now(), type text NOT NULL, data jsonb NOT NULL,
  UNIQUE (worker, number)
);
CREATE FUNCTION append(who text, seat integer, proof text, what text, new jsonb)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE found bigint;
BEGIN
  UPDATE worker SET last = last + 1 WHERE id = who AND epoch = seat AND token = proof
    RETURNING last INTO found;
  IF found IS NULL THEN RAISE EXCEPTION 'FENCED'; END IF;
  INSERT INTO event (worker, number, type, data) VALUES (who, found, what, new);
  RETURN found;
END $$;
CREATE FUNCTION append_many(
  who text, seat integer, proof text, what text, new jsonb, many integer
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE found bigint;
BEGIN
  UPDATE worker SET last = last + many WHERE id = who AND epoch = seat AND token = proof
    RETURNING last INTO found;
  IF found IS NULL THEN RAISE EXCEPTION 'FENCED'; END IF;
  INSERT INTO event (worker, number, type, data)
    SELECT who, found - many + each, what, new FROM generate_series(1, many) AS each;
  RETURN found;
END $$;
"""
APPEND = "SELECT append($1, $2, $3, $4, $5)"
APPEND_MANY = "SELECT append_many($1, $2, $3, $4, $5, $6)"
READ = "SELECT pos, number, at, type, data FROM event WHERE worker = $1 ORDER BY number LIMIT 20"
LENGTHS = (
    "SELECT count(*), count(DISTINCT number), coalesce(min(number), 0), coalesce(max(number), 0),"
    " count(*) FROM event WHERE worker = '{}'"
)
