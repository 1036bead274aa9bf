"""The daemon with its state in a real PostgreSQL."""
