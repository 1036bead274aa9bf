"""Several hosts on one store, each with its own clocks, and a server's clock that all go by.

The store is what tests run on; that a server keeps it is only said of it. So what several daemons
do to each other is tried without any of them, in whatever order a test wants.
"""

from pathlib import Path

from penholder_daemon.core.store import Store
from tests.helpers.fakes import FaultyStore
from tests.helpers.harness import Bench
from tests.helpers.stores import open_store


class Server:
    """The server: what its clock shows."""

    def __init__(self) -> None:
        """Begin at another time than any host's."""
        self.ms = 1_767_225_600_000 + 3_600_000
        self.connected: set[str] = set()
        """The hosts whose daemons are connected."""


class SharedStore(FaultyStore):
    """A store that says of itself that a server keeps it."""

    def __init__(self, store: Store, server: Server) -> None:
        """Tell the time of a server."""
        super().__init__(store)
        self._server = server

    @property
    def is_shared(self) -> bool:
        """Say so."""
        return True

    @property
    def server_ms(self) -> int | None:
        """Return what the server's clock shows; it goes on by itself, as every clock."""
        return self._server.ms

    def serving(self) -> frozenset[str]:
        """Return who is connected to the server."""
        return frozenset(self._server.connected)


class HostBench(Bench):
    """The core and the rooms of one host."""

    def __init__(self, path: Path, server: Server, host_id: str) -> None:
        """Begin, and register the host."""
        self._server = server
        super().__init__(path)
        self.world.host_id = host_id
        server.connected.add(host_id)
        self.own("host.keep")

    def open(self, path: Path) -> None:
        """Put a core onto the database."""
        self.database = open_store(path)
        self.store = SharedStore(self.database, self._server)
        self.begin()


class Fleet:
    """Hosts `a`, `b` and so on in one store."""

    def __init__(self, path: Path, *names: str) -> None:
        """Start their daemons, one after another."""
        self.server = Server()
        self.hosts = {name: HostBench(path, self.server, f"host_{name}") for name in names}

    def __getitem__(self, name: str) -> HostBench:
        """Return one of them."""
        return self.hosts[name]

    def pass_ms(self, milliseconds: int, *beating: str, step_ms: int = 500) -> None:
        """Let time pass on all clocks, while those named go on (all, where none is)."""
        while milliseconds > 0:
            passed_ms = min(milliseconds, step_ms)
            self.server.ms += passed_ms
            for name, host in self.hosts.items():
                host.world.pass_ms(passed_ms)
                if not beating or name in beating:
                    host.committer.run([])
            milliseconds -= passed_ms

    def close(self) -> None:
        """Close their connections."""
        for host in self.hosts.values():
            host.database.close()
