"""PostgreSQL: every append is one call of a function, synced before it is answered."""

import os
import pwd
import shutil
import signal
from contextlib import closing
from functools import partial
from pathlib import Path
from urllib.parse import quote

from bench.clients import lean
from bench.clients import postgres_wire as wire
from bench.clients.lean import Exchange
from bench.clients.turns import MakeTurn
from bench.limits import NotStarted
from bench.peers.peer import Case, Length, length, require
from bench.peers.postgres_schema import APPEND, APPEND_MANY, LENGTHS, READ, SCHEMA
from bench.peers.server import Server

_USER, _DATABASE = "bench", "postgres"
_CONFIG = {
    "listen_addresses": "",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "max_connections": "100",
}
_SYNCED = ("fsync", "synchronous_commit", "full_page_writes")


def _folder() -> Path | None:
    """Return where its programs are: Debian has most of them outside of the path."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if (found := shutil.which("initdb")) is not None:
        places.insert(0, Path(found).resolve().parent)
    return next((each for each in places if (each / "postgres").exists()), None)


class PostgresServer(Server):
    """PostgreSQL as it comes, on a Unix socket."""

    name = "PostgreSQL"

    def __init__(self) -> None:
        """Start later."""
        self._made = 0
        self._workers: list[str] = []

    def missing(self) -> str | None:
        """Say how to install it."""
        return None if _folder() else "no initdb and postgres (apt-get install postgresql)"

    def can(self, case: Case) -> bool:  # noqa: ARG002 - it can do every case
        """Measure everything."""
        return True

    def start(self, directory: Path) -> None:
        """Make a cluster, start its server, and make the tables."""
        user, log = _user(), directory / "log"
        if user is not None:
            os.chown(directory, pwd.getpwnam(user).pw_uid, -1)
        self._launch(_initdb(directory), log, user)
        assert self._process is not None
        if self._process.wait(timeout=60):
            raise NotStarted(f"initdb fails:\n{log.read_text(errors='replace')}")
        self._launch(_postgres(directory), log, user)
        self._path = str(directory / ".s.PGSQL.5432")
        self._await(self._is_ready, log)
        self._control = wire.Postgres(self._path, _USER, _DATABASE)
        self._control.ask(SCHEMA)

    def _is_ready(self) -> bool:
        try:
            wire.Postgres(self._path, _USER, _DATABASE).close()
        except (OSError, RuntimeError):
            return False
        return True

    def stop(self) -> None:
        """End it at once, but in order."""
        self._end(signal.SIGINT)

    def clients(self, case: Case) -> list[MakeTurn]:
        """Make a worker for each client."""
        self._workers = [f"w{self._made + number}" for number in range(case.clients)]
        self._made += case.clients
        rows = ", ".join(f"('{worker}', 1, 'token')" for worker in self._workers)
        self._control.ask(f"INSERT INTO worker (id, epoch, token) VALUES {rows}")
        return [
            partial(lean.make_turn, self._path, _OPENING, _turn(worker, case))
            for worker in self._workers
        ]

    def lengths(self) -> list[Length]:
        """Count the rows."""
        return [length(self.ask(LENGTHS.format(each))[0]) for each in self._workers]

    def ask(self, sql: str, database: str = _DATABASE) -> list[list[str]]:
        """Run a statement and return its rows."""
        if database == _DATABASE:
            return self._control.ask(sql)
        with closing(wire.Postgres(self._path, _USER, database)) as other:
            return other.ask(sql)

    @property
    def url(self) -> str:
        """Say where it is, as libpq takes it."""
        return self.url_of(_DATABASE)

    def url_of(self, database: str) -> str:
        """Say where a database is."""
        return f"postgresql:///{database}?host={quote(str(Path(self._path).parent))}&user={_USER}"

    def require_durable(self) -> str:
        """Ask it."""
        found = {name: self._control.ask(f"SHOW {name}")[0][0] for name in _SYNCED}
        [[version]] = self._control.ask("SHOW server_version")
        return f"{version}, {require({name: (value, 'on') for name, value in found.items()})}"


_OPENING = tuple(
    Exchange(request, wire.READY)
    for request in (
        wire.startup(_USER, _DATABASE),
        wire.parse("append", APPEND),
        wire.parse("append_many", APPEND_MANY),
        wire.parse("read", READ),
    )
)


def _turn(worker: str, case: Case) -> tuple[Exchange, ...]:
    values = (worker, "1", "token", "output", '{"text": "x"}')
    if case.many > 1:
        return (Exchange(wire.execute("append_many", *values, str(case.many)), wire.READY),)
    request = wire.execute("append", *values)
    appending = Exchange(request * case.depth, wire.READY, case.depth)
    if not case.reads:
        return (appending,)
    return appending, Exchange(wire.execute("read", worker), wire.READY)


def _initdb(directory: Path) -> list[str]:
    words = ["-A", "trust", "-U", _USER, "-E", "UTF8", "--locale=C", "--no-sync"]
    return [f"{_folder()}/initdb", "-D", str(directory / "data"), *words]


def _postgres(directory: Path) -> list[str]:
    settings = {**_CONFIG, "unix_socket_directories": str(directory)}
    words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    return [f"{_folder()}/postgres", "-D", str(directory / "data"), *words]


def _user() -> str | None:
    """Return whom it has to run as: it refuses to run as root."""
    if os.geteuid():
        return None
    known = {each.pw_name for each in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"
