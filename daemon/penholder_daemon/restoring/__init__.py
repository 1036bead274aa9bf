"""Putting a backup in place of the database, while no daemon runs.

The backup is copied, checked, upgraded and led above all that was given out since (see
`rooms.daemon.records.restoring`) before anything of the database in place is touched.
"""
