"""Moving in and out: what other programs kept becomes Penholder's, and everything as JSON lines.

Offline tools: no daemon may run on the state directory meanwhile, so the database still has one
writer. Each source has a module; `python -m penholder_daemon.moving` runs them.
"""
