-- Under which identity of a server the store was last written: none in a file, nor in a store that was
-- just made or moved.
CREATE TABLE history (
  number INTEGER PRIMARY KEY CHECK (number = 1),
  identity TEXT NOT NULL
) STRICT;
-- Where a history ended and another began. What was given out in between is of no entry that is here.
CREATE TABLE history_breaks (
  ended_pos INTEGER PRIMARY KEY,
  resumed_after INTEGER NOT NULL CHECK (resumed_after > ended_pos),
  -- 1 if everybody was fenced for it.
  fenced INTEGER NOT NULL
) STRICT;
