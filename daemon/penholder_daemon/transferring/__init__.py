"""Moving all that a store holds into another kind of store, while no daemon runs.

From the SQLite of a state directory to PostgreSQL, or back. All of it is one transaction of the
target (`transfer`); the source is only read.
"""
