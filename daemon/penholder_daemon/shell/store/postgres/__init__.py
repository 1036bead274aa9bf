"""The store in PostgreSQL: imported only where a URL asks for it."""
