"""Parts of the shell, each by itself: threads, queues, sockets, the database, settings."""
