"""Several daemons with their state in one PostgreSQL, each with its share of the clients."""

from itertools import cycle
from pathlib import Path

from bench.clients.turns import MakeTurn
from bench.peers import processes
from bench.peers.peer import Case
from bench.peers.penholder_on_postgres import PenholderOnPostgres
from bench.peers.postgres import PostgresServer
from bench.running_daemon import RunningDaemon, running_daemon


class FleetOnPostgres(PenholderOnPostgres):
    """So many daemons over a database of their own."""

    def __init__(self, server: PostgresServer, daemons: int) -> None:
        """Use a server that is started before."""
        super().__init__(server)
        self._count = daemons
        self._database = f"bench_of_{daemons}"
        self.name = fleet_name(daemons)

    def start(self, directory: Path) -> None:
        """Start them, one after another."""
        self._server.ask(f"CREATE DATABASE {self._database}")
        self._daemons: list[RunningDaemon] = [
            self._started.enter_context(
                running_daemon(directory / f"host{number}", flags=self.flags())
            )
            for number in range(self._count)
        ]
        self._daemon = self._daemons[0]

    def flags(self) -> list[str]:
        """Say where their state is."""
        return ["--store-url", self._server.url_of(self._database)]

    def clients(self, case: Case) -> list[MakeTurn]:
        """Make a worker for each client, on one daemon after another."""
        turns = zip(range(case.clients), cycle(self._daemons), strict=False)
        self._paths = [daemon.make_worker() for _, daemon in turns]
        self._batches_before = self._batches()
        return [self._client(path, case) for path in self._paths]

    def ask(self, sql: str) -> list[list[str]]:
        """Ask their database."""
        return self._server.ask(sql, self._database)

    def cpu_seconds(self) -> float:
        """Return that of all of them."""
        return sum(daemon.cpu_seconds() for daemon in self._daemons)

    def rss_bytes(self) -> int:
        """Return that of all of them."""
        return processes.rss_bytes([daemon.pid for daemon in self._daemons])


def fleet_name(daemons: int) -> str:
    """Name them."""
    return PenholderOnPostgres.name if daemons == 1 else f"{daemons} daemons on PostgreSQL"
