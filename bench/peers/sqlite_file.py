"""What the stores have in common whose clients open one SQLite file themselves."""

from abc import abstractmethod
from contextlib import closing
from pathlib import Path

import apsw

from bench.clients.turns import MakeTurn
from bench.peers.peer import Case, Length, Peer, length, require

_LENGTHS = (
    "SELECT count(*), count(DISTINCT number), ifnull(min(number), 0), ifnull(max(number), 0),"
    " count(*) FROM event WHERE worker = ?"
)


class SqliteFile(Peer):
    """Has tables `worker` and `event (worker, number …)`; the clients do all the work."""

    journal_mode: str

    def __init__(self) -> None:
        """Start later."""
        self._made = 0
        self._workers: list[str] = []

    def start(self, directory: Path) -> None:
        """Make the database."""
        self._path = directory / "events.db"
        self.create(self._path)

    def stop(self) -> None:
        """Nothing runs."""

    def clients(self, case: Case) -> list[MakeTurn]:
        """Make a worker for each client."""
        numbers = range(self._made, self._made + case.clients)
        self._made += case.clients
        self._workers = [f"w{number}" for number in numbers]
        self.add(self._path, self._workers)
        return [self.client(self._path, worker, case) for worker in self._workers]

    def lengths(self) -> list[Length]:
        """Count the rows."""
        with closing(apsw.Connection(str(self._path))) as found:
            rows = (found.execute(_LENGTHS, (worker,)) for worker in self._workers)
            return [length(next(row)) for row in rows]

    def require_durable(self) -> str:
        """Ask a connection that was opened as the clients open theirs."""
        found = self.settings(self._path)
        return require(
            {
                "synchronous": (found["synchronous"], "2"),
                "journal_mode": (found["journal_mode"], self.journal_mode),
            }
        )

    @abstractmethod
    def create(self, path: Path) -> None:
        """Make the tables."""

    @abstractmethod
    def add(self, path: Path, workers: list[str]) -> None:
        """Make workers."""

    @abstractmethod
    def client(self, path: Path, worker: str, case: Case) -> MakeTurn:
        """Return the client of a worker."""

    @abstractmethod
    def settings(self, path: Path) -> dict[str, str]:
        """Return the pragmas of a connection as the clients have it."""
