"""Several daemons with their state in one PostgreSQL, as where each is on a machine of its own.

A machine that is added brings workers of its own: so each daemon has as many clients as one by
itself (`each_has_all`). Where they share as many as one has, each writes batches of half or a third
of the size under the same lock: that is what it costs to spread a fleet that one daemon could hold.
"""

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

    def __init__(self, server: PostgresServer, daemons: int, *, each_has_all: bool = True) -> None:
        """Use a server that is started before."""
        super().__init__(server)
        self._count = daemons
        self._each_has_all = each_has_all
        self._database = f"bench_of_{daemons}_{'each' if each_has_all else 'sharing'}"
        self.name = fleet_name(daemons, each_has_all=each_has_all)

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
        count = case.clients * (self._count if self._each_has_all else 1)
        turns = zip(range(count), cycle(self._daemons), strict=False)
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


def fleet_name(daemons: int, *, each_has_all: bool = True) -> str:
    """Name them."""
    if daemons == 1:
        return PenholderOnPostgres.name
    return f"{daemons} daemons on PostgreSQL, {'each' if each_has_all else 'sharing'}"
