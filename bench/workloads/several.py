"""Daemons with their state in PostgreSQL, beside PostgreSQL itself and a daemon over SQLite."""

from pathlib import Path
from tempfile import mkdtemp

from bench.peers.fleet_on_postgres import FleetOnPostgres
from bench.peers.peer import Case
from bench.peers.penholder import Penholder
from bench.peers.postgres import PostgresServer
from bench.workloads import across
from bench.workloads.appending import append
from bench.workloads.run import Run

SEVERAL = "several"
CASES = (Case(1), Case(8), Case(16))
COUNTS = (1, 2, 3)
"""Of daemons on one database."""


def main(run: Run) -> None:
    """Daemons on PostgreSQL, a function call of PostgreSQL for the same, and our own SQLite."""
    server = PostgresServer()
    fleets = [FleetOnPostgres(server, count) for count in COUNTS]
    fleets += [FleetOnPostgres(server, count, each_has_all=False) for count in COUNTS if count > 1]
    append(run, SEVERAL, CASES, [server, *fleets, Penholder()])
    if server.missing() is None:
        again = PostgresServer()
        again.start(Path(mkdtemp(dir=run.directory)))
        try:
            across.main(run, again)
        finally:
            again.stop()
