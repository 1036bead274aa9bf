"""`penholderd` as a child process of a test, and a raw connection to it."""

import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from tests.helpers import own_programs

Json = dict[str, Any]


class DaemonProcess:
    """One daemon: directories that stay, a process that comes and goes."""

    def __init__(self, directory: Path, *flags: str, is_executed: bool = False) -> None:
        """Keep everything below a directory."""
        self._is_executed = is_executed
        self.state_dir = directory / "state"
        self.runtime_dir = directory / "run"
        self.log_path = directory / "log"
        self._flags = flags
        self._process: own_programs.Process | None = None
        self.is_up = threading.Event()

    def add_flags(self, *flags: str) -> None:
        """Start it with these as well."""
        self._flags += flags

    @property
    def control_socket(self) -> Path:
        """Where it serves controllers."""
        return self.runtime_dir / "control.sock"

    @property
    def command(self) -> list[str]:
        """How it is started."""
        return own_programs.command(own_programs.DAEMON, self._words)

    @property
    def _words(self) -> list[str]:
        where = ("--state-dir", str(self.state_dir), "--runtime-dir", str(self.runtime_dir))
        return [*where, *self._flags]

    @property
    def environment(self) -> dict[str, str]:
        """What its clients' programs need to find it."""
        return {
            **os.environ,
            "PENHOLDER_STATE_DIR": str(self.state_dir),
            "PENHOLDER_RUNTIME_DIR": str(self.runtime_dir),
        }

    @property
    def pid(self) -> int:
        """The running daemon's pid."""
        assert self._process is not None
        return self._process.pid

    def spawn(self, wrapper: list[str] | None = None, descriptors: Sequence[int] = ()) -> None:
        """Start it, wait for nothing, and let it inherit descriptors."""
        command = [*(wrapper or []), *self.command]
        is_plain = command == own_programs.command(own_programs.DAEMON, self._words)
        with self.log_path.open("a") as log:
            if is_plain and not descriptors and not self._is_executed:
                self._process = own_programs.start(
                    own_programs.DAEMON, self._words, os.environ, stderr=log
                )
            else:
                self._process = subprocess.Popen(
                    command, stdout=subprocess.PIPE, stderr=log, pass_fds=descriptors
                )

    def start(self, wrapper: list[str] | None = None) -> str:
        """Start it and wait for its READY line, which is returned."""
        self.spawn(wrapper)
        assert self._process is not None
        assert self._process.stdout is not None
        line = self._process.stdout.readline().decode()
        assert line.startswith("READY"), f"no READY: {line!r}\n{self.log()}"
        self.is_up.set()
        return line

    def kill(self) -> None:
        """End it as a crash would."""
        self.is_up.clear()
        assert self._process is not None
        self._process.kill()
        self._reap()

    def stop(self) -> int:
        """End it as systemd would; returns its exit status."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._reap()

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal and wait for nothing."""
        assert self._process is not None
        self._process.send_signal(number)

    def signal_reload(self) -> None:
        """Have it read its settings again."""
        self.send_signal(signal.SIGHUP)

    def wait(self) -> int:
        """Wait for it to end by itself; returns its exit status."""
        return self._reap()

    def restart(self) -> None:
        """Crash it and start it anew on the same directories."""
        self.kill()
        self.start()

    def end(self) -> None:
        """Clean up; a daemon that logged a failure of its own fails the test."""
        if self._process is not None:
            self._process.kill()
            self._reap()
        assert "inside the daemon" not in self.log(), self.log()

    def _reap(self) -> int:
        assert self._process is not None
        assert self._process.stdout is not None
        status = self._process.wait(timeout=30)
        self._process.stdout.close()
        self._process = None
        return status

    def peak_rss_bytes(self) -> int:
        """Return the most memory that it has had so far."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        (line,) = [line for line in status.splitlines() if line.startswith("VmHWM")]
        return int(line.split()[1]) * 1024

    def log(self) -> str:
        """Return what it logged."""
        return self.log_path.read_text() if self.log_path.exists() else ""

    def connect(self, worker_id: str | None = None) -> "RawConnection":
        """Connect to the control socket or to a worker's."""
        if worker_id is None:
            return RawConnection(self.control_socket)
        return RawConnection(self.runtime_dir / "workers" / f"{worker_id}.sock")


MakeDaemon: TypeAlias = Callable[[], DaemonProcess]
"""Makes one daemon after another, each of a host of its own."""


class RawConnection:
    """JSON-RPC by hand, so that a test sees what is on the wire."""

    def __init__(self, path: Path) -> None:
        """Connect."""
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(30)
        try:
            self.socket.connect(str(path))
        except OSError:
            self.socket.close()
            raise
        self._file = self.socket.makefile("rb")
        self._last_id = 0
        self._answers: dict[object, Json] = {}
        self.notifications: list[Json] = []

    def __enter__(self) -> "RawConnection":
        """Be a context."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """Close both directions."""
        self._file.close()
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.socket.sendall(data)

    def read_line(self) -> bytes:
        """Read one message as it is; nothing at the end of the connection."""
        return self._file.readline()

    def read(self) -> Any:
        """Read one message; None at the end of the connection."""
        line = self.read_line()
        return json.loads(line) if line else None

    def request(self, method: str, **params: object) -> int:
        """Send a request and return its id."""
        self._last_id += 1
        message = {"jsonrpc": "2.0", "id": self._last_id, "method": method, "params": params}
        self.send(json.dumps(message).encode() + b"\n")
        return self._last_id

    def answer(self, request_id: int) -> Json:
        """Read up to the answer of a request; what else comes is kept aside."""
        while request_id not in self._answers:
            message = self.read()
            assert message is not None, "the connection ended before the answer"
            if "method" in message:
                self.notifications.append(message)
            else:
                self._answers[message["id"]] = message
        return self._answers.pop(request_id)

    def call(self, method: str, **params: object) -> Any:
        """Return the result of a call; an error fails the test."""
        message = self.answer(self.request(method, **params))
        assert "error" not in message, message["error"]
        return message["result"]

    def error(self, method: str, **params: object) -> Json:
        """Return the error of a call that must be refused."""
        message = self.answer(self.request(method, **params))
        assert "error" in message, message
        return dict(message["error"])

    def refusal(self, method: str, **params: object) -> str:
        """Return the name of the error of a call that must be refused."""
        return str(self.error(method, **params)["data"]["code"])

    def notification(self) -> Json:
        """Return the next notification."""
        return self.notifications.pop(0) if self.notifications else dict(self.read())


def make_worker(control: RawConnection, **params: object) -> str:
    """Make a controller (once) and a worker of it; returns the worker's id."""
    control.call("controller.register", controller_id="c", label="c", workspace_key="/w")
    given = {
        "controller_id": "c", "label": "w", "launcher": "test", "profile": "p", "cwd": "/", **params
    }  # fmt: skip
    return str(control.call("worker.create", **given)["worker_id"])
