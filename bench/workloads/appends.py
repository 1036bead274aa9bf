"""Appends, each synced before its answer: closed loops, many under way, many in one request."""

from bench.peers.ceiling import Ceiling
from bench.peers.peer import Case, Peer
from bench.peers.penholder import (
    BlockingPenholder,
    KeyedPenholder,
    Penholder,
    TrioPenholder,
)
from bench.peers.per_call import PerCall
from bench.peers.postgres import PostgresServer
from bench.peers.redis import RedisServer
from bench.peers.tuned_sqlite import TunedSqlite
from bench.workloads.appending import append
from bench.workloads.run import Run

CLOSED, DEEP, MANY, MIXED = "closed", "deep", "many", "mixed"
DEEP_CASE = Case(8, depth=64)
MANY_CASE = Case(8, many=64)
MIXED_CASE = Case(8, reads=True)


def closed(run: Run) -> None:
    """Closed loops: each client appends, waits for the answer, appends again."""
    daemon = Penholder()
    peers: list[Peer] = [daemon, Ceiling(daemon), KeyedPenholder()]
    peers += [BlockingPenholder(), TrioPenholder()]
    peers += [RedisServer(), PostgresServer(), PerCall(), TunedSqlite()]
    append(run, CLOSED, [Case(1), Case(8), Case(16), Case(32)], peers)


def deep(run: Run) -> None:
    """Each client sends 64 requests, waits for their answers, sends the next 64."""
    append(run, DEEP, [DEEP_CASE], _servers())


def many(run: Run) -> None:
    """64 events in one request (Redis: 64 requests at once; PostgreSQL: generate_series)."""
    append(run, MANY, [MANY_CASE], [*_servers(), TunedSqlite()])


def mixed(run: Run) -> None:
    """Each append is followed by a read of 20 entries; counted are the appends."""
    append(run, MIXED, [MIXED_CASE], [Penholder(), RedisServer(), PostgresServer()])


def _servers() -> list[Peer]:
    daemon = Penholder()
    return [daemon, Ceiling(daemon), RedisServer(), PostgresServer()]
