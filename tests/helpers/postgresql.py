"""A PostgreSQL of the tests' own: started once in a process, on a socket in a private directory.

Tests that need none of its durability run without syncs. Its programs refuse to run as root, so
they run as another user there. Where they are not installed, tests are skipped and say so
(`postgresql_programs`).
"""

import atexit
import gc
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from weakref import ref

import psycopg

from penholder_daemon.shell.store.postgres import connecting, opening
from penholder_daemon.shell.store.postgres.connection import Connection
from penholder_daemon.shell.store.postgres.store import PostgresStore
from tests.helpers.postgresql_programs import require, require_other

_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    "autovacuum_naptime": "5s",
}
_UNSAFE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
_MANY = 4
_WRITTEN_AT_FIRST = (
    "INSERT INTO journal_placed (number, pos) VALUES (1, 0);"
    " INSERT INTO idempotency_noted (number, up_to) VALUES (1, 0)"
)


class Server:
    """One server; `url` reaches it."""

    def __init__(self, *, is_safe: bool = False, programs: Path | None = None) -> None:
        """Make a cluster of these programs, or of those that tests use, and start it."""
        self.programs = programs or require()
        self.directory = Path(tempfile.mkdtemp(prefix="penholder-pg-"))
        self._as_user: list[str] = []
        if os.geteuid() == 0:
            user = pwd.getpwnam("nobody")
            self.own(self.directory)
            ids = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
            self._as_user = ["setpriv", *ids]
        self.settings = dict(_SETTINGS) if is_safe else {**_SETTINGS, **_UNSAFE}
        self.data = self.directory / "data"
        self._fill()
        self.start()

    def _fill(self) -> None:
        self._run("initdb", "-D", str(self.data), "-U", "penholder", "--auth=trust", "-N")

    @staticmethod
    def own(path: Path) -> None:
        """Give a path to the user whom its programs run as."""
        if os.geteuid() == 0:
            user = pwd.getpwnam("nobody")
            os.chown(path, user.pw_uid, user.pw_gid)

    def ask(self, sql: str) -> object:
        """Carry out one statement and return the first value that it answers, if any."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            row = cursor.fetchone() if cursor.description is not None else None
        return None if row is None else row[0]

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._as_user, str(self.programs / program), *arguments]
        told = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
        assert told.returncode == 0, told.stderr

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = [
            part for name, value in self.settings.items() for part in ("-c", f"{name}={value}")
        ]
        # It ends with the process that started it, however that ends.
        dying = [] if shutil.which("setpriv") is None else ["--pdeathsig", "QUIT"]
        command = ["setpriv", *self._as_user[1:], *dying] if dying else self._as_user
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *command,
                    str(self.programs / "postgres"),
                    "-D",
                    str(self.data),
                    "-k",
                    str(self.directory),
                    *options,
                ],
                stdout=log,
                stderr=log,
                cwd="/",
            )
        self._await()

    def _await(self) -> None:
        connecting_for = 300
        for _ in range(connecting_for):
            try:
                psycopg.connect(self.url("postgres")).close()
            except psycopg.OperationalError:
                assert self.process.poll() is None, (self.directory / "log").read_text()
                try:
                    self.process.wait(0.1)
                except subprocess.TimeoutExpired:
                    continue
            else:
                return
        raise AssertionError((self.directory / "log").read_text())

    def url(self, database: str) -> str:
        """Return the URL of a database."""
        return f"postgresql://penholder@/{database}?host={self.directory}"

    def stop(self, signum: int = signal.SIGINT) -> None:
        """End it: SIGINT ends all connections, SIGQUIT is a crash."""
        self.process.send_signal(signum)
        self.process.wait()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Have every process of it stand still: whoever asks is not refused, and not answered."""
        main = self.process.pid
        # The one that makes others first.
        self.process.send_signal(signal.SIGSTOP)
        others = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        pids = [main, *map(int, others)]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                # Nobody else has its number: who made it has not looked after it yet.
                os.kill(pid, signal.SIGCONT)

    def remove(self) -> None:
        """End it and leave nothing behind."""
        if self.process.poll() is None:
            self.stop(signal.SIGQUIT)
        shutil.rmtree(self.directory, ignore_errors=True)

    def make(self, database: str, rest: str = "") -> str:
        """Make a database and return its URL."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {database} {rest}".encode())
        return self.url(database)


@cache
def server() -> Server:
    """Return the server of this process."""
    made = Server()
    atexit.register(made.remove)
    return made


@cache
def other_server() -> Server:
    """Return one of another version, which little is tried on."""
    made = Server(programs=require_other())
    atexit.register(made.remove)
    return made


class _Database:
    """One database with a connection that is used again."""

    def __init__(self, name: str, server: Server) -> None:
        self.url = server.make(name)
        self._opened = opening.open_writer(self.url)
        self._connection = self._opened.connection
        self._lent: Callable[[], PostgresStore | None] = lambda: None

    def _connect(self) -> Connection:
        if self._connection.closed:
            self._connection = connecting.connector(self.url)()
        return self._connection

    def open(self) -> PostgresStore:
        store = PostgresStore(self._connect, self._opened.catalogue)
        self._lent = ref(store)
        return store

    def rest(self) -> None:
        # A transaction that is left open holds the lock, until the server ends the connection.
        if not self._connection.closed:
            self._connection.rollback()

    def close(self) -> None:
        self._opened.close()
        self._connection.close()

    @property
    def is_lent(self) -> bool:
        return self._lent() is not None

    def empty(self) -> None:
        tables = self._opened.catalogue.columns.keys() - {"schema_version"}
        connecting.run_script(
            self._connect(),
            "ROLLBACK; SET session_replication_role = replica; "
            + "".join(f"DELETE FROM {table}; " for table in sorted(tables))
            + f"{_WRITTEN_AT_FIRST}; SET session_replication_role = origin",
        )


class Pool:
    """Databases that are used again: to empty one is much faster than to make one."""

    def __init__(self, server: Callable[[], Server]) -> None:
        """Begin with none on that server."""
        self._server = server
        self._free: list[_Database] = []
        self._taken: list[_Database] = []
        self._named: dict[str, _Database] = {}
        self._made = 0

    def take(self, name: str | None = None) -> PostgresStore:
        """Return a store over an empty database, or again over the one of this name."""
        found = None if name is None else self._named.get(name)
        if found is None:
            found = self._new()
            self._taken.append(found)
            if name is not None:
                self._named[name] = found
        return found.open()

    def close(self) -> None:
        """Close every connection."""
        for database in (*self._free, *self._taken):
            database.close()

    def url_of_last(self) -> str:
        """Return where the one is that was taken last."""
        return self._taken[-1].url

    def _new(self) -> _Database:
        if not self._free and len(self._taken) >= _MANY:
            # One test may make many, one after another, and lets go of each.
            gc.collect()
            self._free = [each for each in self._taken if not each.is_lent]
            self._taken = [each for each in self._taken if each.is_lent]
        if not self._free:
            self._made += 1
            return _Database(f"test_{self._made}", self._server())
        found = self._free.pop()
        found.empty()
        return found

    def mark(self) -> int:
        """Say how many are taken by now, such as by a fixture of a whole module."""
        return len(self._taken)

    def give_back(self, mark: int) -> None:
        """Have those free again that were taken since; to be called when nobody uses them."""
        for database in self._taken[mark:]:
            database.rest()
        self._free += self._taken[mark:]
        del self._taken[mark:]
        self._named.clear()


POOL = Pool(server)
OTHER_POOL = Pool(other_server)
