"""Penholder as a service in a box: installed as an operator would, then looked at from outside."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.helpers.systemd.box import Box, Variables
from tests.helpers.waiting import until

Json = dict[str, Any]
_SCRIPTS = "/opt/penholder/tests/helpers/systemd"
ADA = 1001
_RUNTIME = f"/run/user/{ADA}"
_MANAGER = f"""
[Unit]
Description=The manager of ada

[Service]
User={ADA}
Delegate=yes
Type=notify
RuntimeDirectory=user/{ADA}
RuntimeDirectoryMode=0700
Environment=XDG_RUNTIME_DIR={_RUNTIME}
Environment=HOME=/home/ada
Environment=SYSTEMD_UNIT_PATH=/home/ada/.config/systemd/user:/units
ExecStart=/lib/systemd/systemd --user --unit=box.target
"""


@dataclass
class Service:
    """One installed service: the system manager's, or that of a user's own manager."""

    box: Box
    runtime_dir: str
    state_dir: str
    config: str
    usual_config: str
    """What the configuration must hold for the test to be served."""
    drop_ins: str
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

    def until_started(self, pid: int) -> None:
        """Wait until there is a daemon other than that one, ready or not."""
        until(
            lambda: self.main_pid() not in (0, pid),
            f"nothing was started after process {pid}\n{self.box.journal()}",
        )

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

    def configure(self, settings: str) -> None:
        """Write the configuration file; a reload or a start reads it."""
        self.run("mkdir", "-p", os.path.dirname(self.config))
        self.box.write(self.config, self.usual_config + settings)

    def override(self, name: str, lines: str) -> None:
        """Write a drop-in for the service."""
        self.run("mkdir", "-p", self.drop_ins)
        self.box.write(f"{self.drop_ins}/{name}.conf", lines)
        self.systemctl("daemon-reload")

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
    return Service(
        box,
        runtime_dir="/run/penholder",
        state_dir="/var/lib/penholder",
        config="/etc/penholder/penholderd.toml",
        usual_config="allowed_uids = [0]\n",
        drop_ins="/etc/systemd/system/penholder.service.d",
    )


def install_user(box: Box) -> Service:
    """Start a manager of ada's own and have her install the service there."""
    box.write("/etc/systemd/system/ada.service", _MANAGER)
    box.systemctl("daemon-reload")
    box.systemctl("start", "ada.service")
    service = Service(
        box,
        runtime_dir=f"{_RUNTIME}/penholder",
        state_dir="/home/ada/.local/state/penholder",
        config="/home/ada/.config/penholder/penholderd.toml",
        usual_config="",
        drop_ins="/home/ada/.config/systemd/user/penholder.service.d",
        uid=ADA,
        variables={"XDG_RUNTIME_DIR": _RUNTIME, "HOME": "/home/ada"},
        is_user=True,
    )
    service.run("penholder", "service", "install")
    return service
