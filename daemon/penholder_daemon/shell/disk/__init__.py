"""Directories, locks, copies of the database, and database files as files."""
