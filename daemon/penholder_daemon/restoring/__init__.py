"""Putting a backup in place of the database, while no daemon runs.

The backup is copied, checked and upgraded before the database in place is touched; then that one is
read and settled, and the copy led above all that was given out since (see
`rooms.daemon.records.restoring`), before it takes the place.
"""
