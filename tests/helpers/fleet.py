"""A fleet made by hand: workers whose seats the test's own process holds."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from penholder.blocking import Client
from penholder_protocol import nouns
from tests.helpers.command_line import Cli
from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.programs import Running
from tests.helpers.waiting import until

CONTROLLER = "c"


class Seated:
    """A worker whose seat is this process's."""

    def __init__(self, fleet: "Fleet", worker: nouns.Worker) -> None:
        """Take the seat."""
        self.worker_id = worker.worker_id
        self.name = worker.label
        assert worker.socket_path is not None
        self.client = Client(worker.socket_path)
        self.client.runtime.attach()
        self.client.worker.transition(to="running")
        self._fleet = fleet

    def print(self, *lines: str, stream: str = "stdout", **more: object) -> None:
        """Append lines of output."""
        for line in lines:
            self.append("output", stream=stream, text=line, **more)

    def append(self, type_: str, **data: object) -> None:
        """Append an event."""
        self.client.call("event.append", {"type": type_, "data": data})

    def ask(self, message: str, options: list[dict[str, Any]] | None = None) -> str:
        """Ask a question; returns its id."""
        return self.client.approval.request(message=message, options=options).request_id

    def exit(self, status: int | None = 0, signal: str | None = None) -> None:
        """Say how the command ended, and leave the seat."""
        self.append("process.exited", exit_status=status, signal=signal)
        self.leave("stopped" if status == 0 else "error")

    def leave(self, state: nouns.words.WorkerState = "stopped") -> None:
        """Leave the seat without a word."""
        self.client.call("runtime.detach", {"state": state})
        self.client.close()


class Fleet:
    """Workers beside a daemon, and the command line."""

    def __init__(self, daemon: DaemonProcess, cli: Cli) -> None:
        """Register the controller of all of them."""
        self.daemon = daemon
        self.say = cli
        """Runs the command line to its end, in this process: its start would be most of a test."""
        self.client = Client(daemon.control_socket)
        self.client.controller.register(
            controller_id=CONTROLLER, label="fleet", workspace_key="/fleet"
        )
        self._started: list[Running] = []
        self._seated: list[Seated] = []

    def create(self, name: str, **params: Any) -> nouns.Worker:
        """Make a worker that nobody sits in."""
        needed = {"controller_id": CONTROLLER, "launcher": "test", "profile": "p", "cwd": "/"}
        return self.client.call("worker.create", {**needed, "label": name, **params}, nouns.Worker)

    def worker(self, name: str, *lines: str, **params: Any) -> Seated:
        """Make a worker, sit in it, and print."""
        seated = Seated(self, self.create(name, **params))
        seated.print(*lines)
        self._seated.append(seated)
        return seated

    def begin(self, *words: str) -> Running:
        """Start the command line; it is ended with the test."""
        self._started.append(Running(self.daemon, *words))
        return self._started[-1]

    @contextmanager
    def owned(self, lease_ms: int | None = None) -> Iterator[nouns.Handle]:
        """Own the controller."""
        handle = self.client.controller.acquire(controller_id=CONTROLLER, lease_ms=lease_ms)
        yield handle
        self.client.controller.release(controller_id=CONTROLLER, force=True)

    def wait_for_follower(self) -> None:
        """Wait until somebody has subscribed."""
        until(lambda: self.client.daemon.status().subscriptions > 0)

    def close(self) -> None:
        """End what was started."""
        for running in self._started:
            running.clean_up()
        for seated in self._seated:
            seated.client.close()
        self.client.close()
