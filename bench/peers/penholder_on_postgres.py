"""Penholder with its state in PostgreSQL: a daemon of its own over a server that is there."""

from bench.peers.peer import Case, Length, length
from bench.peers.penholder import Penholder
from bench.peers.postgres import PostgresServer

_LENGTHS = (
    "SELECT count(*), count(DISTINCT seq), coalesce(min(seq), 0), coalesce(max(seq), 0),"
    " count(*) FILTER (WHERE type = 'output') FROM penholder.journal"
    " WHERE stream_id = (SELECT stream_id FROM penholder.streams WHERE name = '{}')"
)


class PenholderOnPostgres(Penholder):
    """The daemon over the server of another peer, which is started before."""

    name = "Penholder on PostgreSQL"

    def __init__(self, server: PostgresServer) -> None:
        """Use that server."""
        super().__init__()
        self._server = server

    def missing(self) -> str | None:
        """Say what has to be installed."""
        return self._server.missing()

    def can(self, case: Case) -> bool:
        """Measure the closed loops."""
        return case == Case(case.clients)

    def flags(self) -> list[str]:
        """Say where its state is."""
        return ["--store-url", self._server.url]

    def lengths(self) -> list[Length]:
        """Ask the server."""
        return [length(self.ask(_LENGTHS.format(each))[0]) for each in self.streams()]

    def ask(self, sql: str) -> list[list[str]]:
        """Ask the database that its state is in."""
        return self._server.ask(sql)

    def require_durable(self) -> str:
        """Ask the server, whose settings the daemon's connections have."""
        return self._server.require_durable()
