"""Runs with their commands, jobs, runners and backend profiles."""
