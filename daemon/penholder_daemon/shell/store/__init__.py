"""SQLite: the connection that writes, those that read, and long work on the file beside them."""
