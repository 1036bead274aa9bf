-- The settings that all hosts of a shared store go by, as JSON. A daemon that has its store to itself
-- goes by its file alone and writes nothing here.
CREATE TABLE shared_settings (
  name TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;
