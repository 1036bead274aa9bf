"""Penholder as a service in a box: installed as an operator would, then looked at from outside."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.process.systemd.box import Box, Variables, until

Json = dict[str, Any]
_SCRIPTS = "/opt/penholder/tests/process/systemd"
_PING = '{"jsonrpc":"2.0","id":1,"method":"rpc.ping"}'


@dataclass
class Service:
    """One installed service: the system manager's, or that of a user's own manager."""

    box: Box
    runtime_dir: str
    uid: int = 0
    variables: Variables = field(default_factory=dict)
    is_user: bool = False
    unit: str = field(default="penholder.service", init=False)

    @property
    def control_socket(self) -> str:
        """Where it serves controllers."""
        return f"{self.runtime_dir}/control.sock"

    def run(self, *command: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """Run a command as the user whose service it is."""
        return self.box.run(*command, uid=self.uid, variables=self.variables, check=check)

    def systemctl(self, *words: str, check: bool = True) -> str:
        """Ask the manager whose service it is."""
        scope = ["--user"] if self.is_user else []
        return self.run("systemctl", *scope, *words, check=check).stdout.strip()

    def show(self, name: str, unit: str | None = None) -> str:
        """Return a property of the service, or of another unit."""
        return self.systemctl("show", "--value", "-p", name, unit or self.unit)

    def penholder(self, *words: str) -> Any:
        """Run a command of the command line; returns what it prints as JSON."""
        told = self.run("penholder", *words, "--json", "--runtime-dir", self.runtime_dir)
        return json.loads(told.stdout)

    def main_pid(self) -> int:
        """Return the daemon's pid inside the box; 0 if none runs."""
        return int(self.show("MainPID"))

    def signal(self, number: signal.Signals) -> int:
        """Signal the daemon; returns the pid it has."""
        pid = self.main_pid()
        assert pid
        self.box.run("kill", f"-{number.name.removeprefix('SIG')}", str(pid))
        return pid

    def until_replaced(self, pid: int) -> int:
        """Wait until another daemon runs and is ready; returns its pid."""
        until(
            lambda: self.main_pid() not in (0, pid) and self.show("SubState") == "running",
            f"process {pid} was not replaced\n{self.box.journal()}",
        )
        return self.main_pid()

    def make_worker(self) -> str:
        """Make a worker; returns the path of its socket."""
        self.penholder(
            "controller", "register", "--controller-id", "c", "--label", "c",
            "--workspace-key", "/w",
        )  # fmt: skip
        made = self.penholder(
            "worker", "create", "--controller-id", "c", "--label", "w", "--launcher", "test",
            "--profile", "p", "--cwd", "/",
        )  # fmt: skip
        return str(made["socket_path"])

    @contextmanager
    def visitors(self, *sockets: str) -> Iterator[Json]:
        """Have sockets visited during the block; what the visitor says is there after it."""
        with self._script("visitor.py", *sockets) as told:
            yield told
        assert told["refused"] == [], f"{told}\n{self.box.journal()}"

    @contextmanager
    def worker(self, socket: str) -> Iterator[Json]:
        """Have a worker at work during the block; what it says is there after it."""
        with self._script("worker.py", socket) as told:
            yield told

    @contextmanager
    def _script(self, name: str, *words: str) -> Iterator[Json]:
        told: Json = {}
        process = self.box.start(
            "/opt/venv/bin/python", f"{_SCRIPTS}/{name}", *words,
            uid=self.uid, variables=self.variables,
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            assert process.stdout.readline(), self.box.journal()
            yield told
            process.stdin.close()
            line = process.stdout.readline()
            assert line, self.box.journal()
            told.update(json.loads(line))
            assert process.wait(timeout=30) == 0
        finally:
            process.kill()
            process.wait(timeout=30)
            process.stdin.close()
            process.stdout.close()

    def events(self, socket: str) -> list[int]:
        """Return the numbers of the events that a worker appended."""
        worker_id = os.path.basename(socket).removesuffix(".sock")
        found: list[Json] = []
        while True:
            page = self.penholder(
                "event", "list", "--worker-id", worker_id, "--limit", "1000",
                "--after-seq", str(len(found)),
            )  # fmt: skip
            found += page["items"]
            if page["next"] is None:
                return [item["data"]["number"] for item in found if item["type"] == "n"]


def install_system(box: Box) -> Service:
    """Install the service of the system manager as root, who may also speak to it."""
    box.run("penholder", "service", "install", "--system")
    return Service(box, "/run/penholder")
