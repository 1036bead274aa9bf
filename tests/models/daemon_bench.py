"""The bench of a model whose daemon is a process, reached through sockets and really killed."""

import os
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from penholder_daemon.core.caller import RUNTIME, Caller
from penholder_daemon.shell.store.opening import open_reader
from penholder_protocol.errors import error_for
from tests.helpers.daemon_process import DaemonProcess, RawConnection, make_worker
from tests.helpers.harness import Json
from tests.models.machine import MortalBench


class DaemonBench(MortalBench):
    """A daemon in directories of its own; this process holds the seats of all its workers.

    It has no clock to turn: what a machine does with time, it cannot do here.
    """

    clock_slack_ms = 5

    def __init__(self) -> None:
        """Start a daemon that holds nothing."""
        self._directory = TemporaryDirectory(prefix="ph-", dir="/tmp", ignore_cleanup_errors=True)
        self._daemon = DaemonProcess(Path(self._directory.name))
        self._connections: dict[str | None, RawConnection] = {}
        self.start()

    def send(self, method: str, caller: Caller, params: dict[str, object]) -> Json:
        """Carry a call out just as it is, on the caller's socket."""
        connection = self._connection(caller.worker_id)
        answer = connection.answer(connection.request(method, **params))
        if "error" in answer:
            error = answer["error"]
            told = error.get("data") or {}
            raise error_for(
                error["code"], error["message"], told.get("code"), told.get("details", {})
            )
        return answer["result"]

    def _connection(self, worker_id: str | None = None) -> RawConnection:
        if worker_id not in self._connections:
            self._connections[worker_id] = self._daemon.connect(worker_id)
        return self._connections[worker_id]

    def kill(self) -> None:
        """SIGKILL, and hang up."""
        self._daemon.kill()
        self._hang_up()

    def _hang_up(self) -> None:
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()

    def start(self) -> None:
        """Start a daemon on the same directories."""
        self._daemon.start()

    def close(self) -> None:
        """End the daemon and delete its files; a failure of its own in its log fails the test."""
        self._hang_up()
        with self._directory:
            self._daemon.end()

    def findings(self) -> list[str]:
        """Return what the daemon finds wrong with its database."""
        return [str(each) for each in self.call("daemon.verify")["findings"]]

    def count(self, table: str) -> int:
        """Count the rows of a table, beside the daemon."""
        with closing(open_reader(self._daemon.state_dir / "penholder.db")) as store:
            [(number,)] = store.rows(f"SELECT COUNT(*) FROM {table}")
            return int(str(number))

    def now_ms(self) -> int:
        """Return a clock that stands."""
        return 0

    def seated_worker(self, worker_id: str) -> Caller:
        """Make a worker and seat this process."""
        make_worker(self._connection(), worker_id=worker_id)
        caller = Caller(RUNTIME, os.getuid(), os.getpid(), worker_id)
        self.call("runtime.attach", caller)
        return caller
