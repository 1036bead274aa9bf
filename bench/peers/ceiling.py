"""The ceiling: what storing alone costs, in the daemon's own tables, without anyone to answer."""

from contextlib import closing
from functools import partial
from pathlib import Path

from bench.clients import ceiling
from bench.clients.turns import MakeTurn
from bench.limits import Broken
from bench.peers.peer import Case, Length, Peer, length, require, require_whole
from bench.peers.penholder import Penholder
from penholder_daemon.shell.store.opening import open_writer

_LENGTHS = (
    "SELECT count(*), count(DISTINCT seq), ifnull(min(seq), 0), ifnull(max(seq), 0), count(*)"
    " FROM journal WHERE stream_id = ?"
)


class Ceiling(Peer):
    """Events in batches as large as those of the daemon were, one process for all streams."""

    name = "storing alone (the ceiling)"

    def __init__(self, daemon: Penholder) -> None:
        """Take the size of batches from a daemon that was measured just before."""
        self._daemon = daemon
        self._made = 0
        self._stream_ids: list[int] = []
        self._batch = 1

    def can(self, case: Case) -> bool:
        """Measure whatever only appends."""
        return not case.reads

    def start(self, directory: Path) -> None:
        """Make the database."""
        self._path = directory / "penholder.db"
        open_writer(self._path).close()

    def stop(self) -> None:
        """Nothing runs."""

    def clients(self, case: Case) -> list[MakeTurn]:
        """Make a stream for each client, and one client for all."""
        self._stream_ids = list(range(self._made + 1, self._made + case.clients + 1))
        self._made += case.clients
        self._batch = max(1, round(self._daemon.mean_batch())) * case.many
        with closing(open_writer(self._path)) as store:
            for each in self._stream_ids:
                store.run("INSERT INTO streams (stream_id, name, last_seq) VALUES (?, ?, 0)",
                          each, f"worker:w{each}")  # fmt: skip
        return [partial(ceiling.make_turn, self._path, self._stream_ids, self._batch)]

    def per_turn(self, case: Case) -> int:  # noqa: ARG002 - the batch decides
        """Return the size of a batch."""
        return self._batch

    def lengths(self) -> list[Length]:
        """Count the rows."""
        with closing(open_writer(self._path)) as store:
            rows = (store.row(_LENGTHS, each) for each in self._stream_ids)
            return [length(row) for row in rows if row is not None]

    def check(self, acknowledged: list[int]) -> None:
        """Compare the sums, for one client appends to all streams."""
        lengths = self.lengths()
        require_whole(self.name, lengths)
        if (stored := sum(each.appended for each in lengths)) != sum(acknowledged):
            raise Broken(f"{self.name}: {stored} of {sum(acknowledged)} appends are stored")

    def require_durable(self) -> str:
        """Ask a connection opened as the client opens its own."""
        with closing(open_writer(self._path)) as store:
            return require(
                {
                    "synchronous": (str(store.connection.pragma("synchronous")), "2"),
                    "journal_mode": (str(store.connection.pragma("journal_mode")), "wal"),
                }
            )
