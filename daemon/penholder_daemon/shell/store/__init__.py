"""SQLite: the one connection that writes, the few that read, and the files below them."""
