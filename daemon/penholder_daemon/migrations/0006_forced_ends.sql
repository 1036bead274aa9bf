-- A forced stop outlives the daemon: the seated process that it ends is ended by the next run too.
ALTER TABLE seats ADD COLUMN end_forced INTEGER NOT NULL DEFAULT 0;
