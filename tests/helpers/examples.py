"""Programs of `examples/`, run as a reader would run them, and what a worker among them leaves."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from penholder.blocking import Client
from penholder_daemon.generate.__main__ import ROOT
from penholder_protocol import nouns
from tests.helpers.daemon_process import DaemonProcess

_TIMEOUT_S = 60


def run(
    daemon: DaemonProcess, *command: str, **environment: str
) -> "subprocess.CompletedProcess[str]":
    """Run a program to its end; it must succeed and complain of nothing."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**daemon.environment, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done


def types(page: nouns.Page[nouns.Event]) -> list[str]:
    """Return what the events are."""
    return [event.type for event in page.items]


def _words(pid: int | None) -> list[str]:
    """Return the command line of a process: the seat is the program's own, not a helper's."""
    return Path(f"/proc/{pid}/cmdline").read_text().split("\0")


def check_worker(
    daemon: DaemonProcess, client: Client, command: list[str], option: str, *, by_argument: bool
) -> None:
    """Run a worker that asks once, answer it, and look at what it left."""
    worker = client.worker.create(
        worker_id="w", controller_id="c", label="w", launcher="test", profile="p", cwd="/",
        start="starting",
    )  # fmt: skip
    assert worker.socket_path is not None
    given = [*command, worker.socket_path] if by_argument else command
    environment = {} if by_argument else {"PENHOLDER_SOCKET": worker.socket_path}
    with client.subscribe(["controller:c"]) as entries, ThreadPoolExecutor(1) as pool:
        running = pool.submit(run, daemon, *given, **environment)
        running.add_done_callback(lambda _: entries.close())
        assert any(entry.type == "approval.requested" for entry in entries), running.result()
        [asked] = client.approval.list(worker_id="w").items
        assert client.worker.get(worker_id="w").state == "waiting_approval"
        assert command[-1] in _words(client.runtime.status(worker_id="w").pid)
        client.approval.decide(request_id=asked.request_id, option=option)
        running.result()
    events = client.event.list(worker_id="w")
    assert types(events) == ["file.seen"] * 3 + ["work.done"]
    allowed = b"true" if option == "allow" else b"false"
    assert bytes(events.items[-1].data) == b'{"deleted":' + allowed + b"}"
    after = client.worker.get(worker_id="w")
    assert (after.state, after.recovery_state, after.last_error) == ("stopped", "restartable", None)
    assert after.heartbeat_at is not None
    assert client.runtime.status(worker_id="w").attached is False
