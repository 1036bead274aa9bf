"""Redis: every append is a script, synced before it is answered."""

import shutil
import signal
from functools import partial
from pathlib import Path

from bench.clients import lean
from bench.clients.lean import Exchange
from bench.clients.resp import Redis, command
from bench.clients.turns import MakeTurn
from bench.limits import Broken
from bench.peers.peer import Case, Length, require
from bench.peers.server import Server

# The fence, the number and the event, as one step: scripts run one after another.
_APPEND = """
local seat = redis.call('HMGET', KEYS[1], 'epoch', 'token')
if seat[1] ~= ARGV[1] or seat[2] ~= ARGV[2] then return redis.error_reply('FENCED') end
local seq = redis.call('HINCRBY', KEYS[1], 'last', 1)
redis.call('XADD', KEYS[2], seq .. '-0', 'type', ARGV[3], 'data', ARGV[4])
return seq
"""
_CONFIG = ("--port", "0", "--appendonly", "yes", "--appendfsync", "always", "--save", "",
           "--unixsocketperm", "700")  # fmt: skip
_PROGRAM = "redis-server"
_PONG = b"+PONG\r\n"


class RedisServer(Server):
    """Redis with an append-only file that is synced before each answer."""

    name = "Redis"

    def __init__(self) -> None:
        """Start later."""
        self._made = 0
        self._workers: list[str] = []

    def missing(self) -> str | None:
        """Say how to install it."""
        return None if shutil.which(_PROGRAM) else "no redis-server (apt-get install redis-server)"

    def can(self, case: Case) -> bool:  # noqa: ARG002 - it can do every case
        """Measure everything; many at once are as many requests at once."""
        return True

    def start(self, directory: Path) -> None:
        """Start a server and give it the script."""
        self._path, log = str(directory / "redis.sock"), directory / "log"
        self._launch([_PROGRAM, "--unixsocket", self._path, "--dir", str(directory), *_CONFIG], log)
        self._await(self._is_ready, log)
        self._control = Redis(self._path)
        self._script = str(self._control.ask("SCRIPT", "LOAD", _APPEND))

    def _is_ready(self) -> bool:
        try:
            redis = Redis(self._path)
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        redis.close()
        return True

    def stop(self) -> None:
        """End it."""
        self._end(signal.SIGTERM)

    def clients(self, case: Case) -> list[MakeTurn]:
        """Make a worker for each client."""
        self._workers = [f"w{self._made + number}" for number in range(case.clients)]
        self._made += case.clients
        for worker in self._workers:
            self._control.ask("HSET", worker, "epoch", "1", "token", "token", "last", "0")
        return [
            partial(lean.make_turn, self._path, (), self._turn(worker, case))
            for worker in self._workers
        ]

    def _turn(self, worker: str, case: Case) -> tuple[Exchange, ...]:
        words = ("EVALSHA", self._script, "2", worker, _events(worker), "1", "token", "output")
        count = case.depth * case.many
        appending = Exchange(command(*words, '{"text":"x"}') * count, b"\r\n", count)
        if not case.reads:
            return (appending,)
        # Where a list ends is not to be seen from its last bytes; what is asked behind it tells.
        reading = command("XRANGE", _events(worker), "-", "+", "COUNT", "20") + command("PING")
        return appending, Exchange(reading, _PONG)

    def lengths(self) -> list[Length]:
        """Ask for the ends of each stream: Redis itself lets numbers only grow."""
        return [self._length(worker) for worker in self._workers]

    def _length(self, worker: str) -> Length:
        count = self._control.ask("XLEN", _events(worker))
        first, last = (
            self._number(self._control.ask(word, _events(worker), *ends, "COUNT", "1"))
            for word, ends in (("XRANGE", ("-", "+")), ("XREVRANGE", ("+", "-")))
        )
        assert isinstance(count, int)
        return Length(count, count, first, last, count)

    @staticmethod
    def _number(found: object) -> int:
        match found:
            case [[str(entry_id), _]]:
                return int(entry_id.removesuffix("-0"))
        raise Broken(f"Redis: no entry where one should be: {found}")

    def require_durable(self) -> str:
        """Ask it."""
        wanted = {"appendonly": "yes", "appendfsync": "always"}
        found = require({name: (self._setting(name), value) for name, value in wanted.items()})
        about = str(self._control.ask("INFO", "server"))
        version = next(line for line in about.split() if line.startswith("redis_version:"))
        return f"{version}, {found}"

    def _setting(self, name: str) -> str:
        found = self._control.ask("CONFIG", "GET", name)
        assert isinstance(found, list)
        return str(found[1])


def _events(worker: str) -> str:
    return f"events:{worker}"
