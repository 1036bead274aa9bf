"""Directories, locks, and copies of the database."""
