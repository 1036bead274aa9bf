"""Snapshots from which work can go on."""
