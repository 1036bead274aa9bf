"""A daemon with its state in PostgreSQL, beside PostgreSQL itself and a daemon over SQLite."""

from bench.peers.peer import Case
from bench.peers.penholder import Penholder
from bench.peers.penholder_on_postgres import PenholderOnPostgres
from bench.peers.postgres import PostgresServer
from bench.workloads.appending import append
from bench.workloads.run import Run

SEVERAL = "several"
CASES = (Case(1), Case(8), Case(16))


def main(run: Run) -> None:
    """One daemon on PostgreSQL, a function call of PostgreSQL for the same, and our own SQLite."""
    server = PostgresServer()
    append(run, SEVERAL, CASES, [server, PenholderOnPostgres(server), Penholder()])
