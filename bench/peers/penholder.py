"""Penholder: a daemon of its own, whose clients are lean, or our own blocking client."""

import re
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

import apsw

from bench.clients import blocking, lean, trio_client
from bench.clients.lean import Exchange, Keyed
from bench.clients.line import END, request
from bench.clients.turns import MakeTurn
from bench.peers import processes
from bench.peers.peer import Case, Length, Peer, length, require
from bench.running_daemon import RunningDaemon, running_daemon
from penholder_daemon.shell.store.opening import open_writer

_EVENT = {"type": "output", "data": {"text": "x"}}
_NEWEST = 20
_LENGTHS = (
    "SELECT count(*), count(DISTINCT seq), ifnull(min(seq), 0), ifnull(max(seq), 0),"
    " count(*) FILTER (WHERE type = 'output')"
    " FROM journal WHERE stream_id = (SELECT stream_id FROM streams WHERE name = ?)"
)


OPENING = (Exchange(request("runtime.attach", {}), END),)
"""Takes the worker's seat."""


class Penholder(Peer):
    """The daemon as it is shipped."""

    name = "Penholder"

    def __init__(self) -> None:
        """Start later."""
        self._started = ExitStack()
        self._paths: list[str] = []
        self._batches_before = (0.0, 0.0)

    def can(self, case: Case) -> bool:  # noqa: ARG002 - it can do every case
        """Measure everything."""
        return True

    def start(self, directory: Path) -> None:
        """Start a daemon."""
        daemon = running_daemon(directory, flags=self.flags())
        self._daemon: RunningDaemon = self._started.enter_context(daemon)

    def flags(self) -> list[str]:
        """Return what the daemon is started with, beside its directories."""
        return []

    def stop(self) -> None:
        """End it."""
        self._started.close()

    def clients(self, case: Case) -> list[MakeTurn]:
        """Make a worker for each client."""
        self._paths = [self._daemon.make_worker() for _ in range(case.clients)]
        self._batches_before = self._batches()
        return [self._client(path, case) for path in self._paths]

    def _client(self, path: str, case: Case) -> MakeTurn:
        return partial(lean.make_turn, path, OPENING, _exchanges(case))

    def lengths(self) -> list[Length]:
        """Look into the database, which others may read while the daemon holds the pen."""
        database = apsw.Connection(str(self._daemon.database), flags=apsw.SQLITE_OPEN_READONLY)
        with closing(database):
            return [
                length(row)
                for stream in self.streams()
                for row in database.execute(_LENGTHS, (stream,))
            ]

    def streams(self) -> list[str]:
        """Name the streams of the workers that were made last."""
        return [f"worker:{Path(path).stem}" for path in self._paths]

    def require_durable(self) -> str:
        """Ask a database that the daemon's own code opens: a connection tells nobody else."""
        with closing(open_writer(self._daemon.directory / "settings.db")) as store:
            found = {word: store.row(f"PRAGMA {word}") for word in ("synchronous", "journal_mode")}
        wanted = {"synchronous": "2", "journal_mode": "wal"}
        return require(
            {word: (str((row or ("",))[0]), wanted[word]) for word, row in found.items()}
        )

    def cpu_seconds(self) -> float:
        """Return the daemon's."""
        return self._daemon.cpu_seconds()

    def rss_bytes(self) -> int:
        """Return the daemon's."""
        return processes.rss_bytes([self._daemon.pid])

    def mean_batch(self) -> float:
        """Return how many mutations have shared a commit since the clients were made."""
        mutations, commits = (
            now - before for now, before in zip(self._batches(), self._batches_before, strict=True)
        )
        return mutations / commits

    def _batches(self) -> tuple[float, float]:
        text = self._daemon.control.daemon.metrics().text
        found = dict(re.findall(r"^penholder_commit_mutations_(sum|count) (\S+)$", text, re.M))
        return float(found["sum"]), float(found["count"])


class KeyedPenholder(Penholder):
    """The same, each append under an idempotency key."""

    name = "Penholder, with a key"

    def can(self, case: Case) -> bool:
        """Measure the closed loops of single appends."""
        return case == Case(case.clients)

    def _client(self, path: str, case: Case) -> MakeTurn:  # noqa: ARG002 - there is but one
        head, _, tail = request("event.append", {"idempotency_key": "", **_EVENT}).partition(b'""')
        return partial(lean.make_keyed_turn, path, OPENING, Keyed(head + b'"', b'"' + tail, END))


class BlockingPenholder(KeyedPenholder):
    """The same by our own blocking client, which makes a key for each call."""

    name = "Penholder, blocking client"

    def can(self, case: Case) -> bool:
        """Measure the loops that it is compared in."""
        return case in {Case(1), Case(8)}

    def _client(self, path: str, case: Case) -> MakeTurn:  # noqa: ARG002 - there is but one
        return partial(blocking.make_turn, path)


class TrioPenholder(BlockingPenholder):
    """The same by our own client for trio."""

    name = "Penholder, trio client"

    def _client(self, path: str, case: Case) -> MakeTurn:  # noqa: ARG002 - there is but one
        return partial(trio_client.make_turn, path)


def _exchanges(case: Case) -> tuple[Exchange, ...]:
    if case.many > 1:
        lines = [request("event.append_many", {"events": [_EVENT] * case.many})]
    else:
        # Every request that is open has an id of its own.
        lines = [request("event.append", dict(_EVENT), n + 1) for n in range(case.depth)]
    appending = Exchange(b"".join(lines), END, len(lines))
    if not case.reads:
        return (appending,)
    reading = request("event.list", {"limit": _NEWEST})
    return appending, Exchange(reading, END)
