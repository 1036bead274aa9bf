"""Agents as workers: ours that misbehaves, and those of others."""
