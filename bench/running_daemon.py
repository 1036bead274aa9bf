"""A daemon for a benchmark, in directories of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from penholder.blocking import Client


@dataclass(frozen=True)
class RunningDaemon:
    """Where it is, and a client of it."""

    directory: Path
    control: Client
    pid: int

    def cpu_seconds(self) -> float:
        """Return what its threads have had of the processor."""
        tasks = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9

    def make_worker(self) -> str:
        """Make a worker and return the path of its runtime socket."""
        worker = self.control.worker.create(
            controller_id="bench", label="bench", launcher="bench", profile="bench", cwd="/"
        )
        return worker.socket_path


@contextmanager
def running_daemon() -> Iterator[RunningDaemon]:
    """Start a daemon with one controller, and end it with the block."""
    with TemporaryDirectory(prefix="ph-bench-") as name:
        directory = Path(name)
        command = [sys.executable, "-m", "penholder_daemon", "--config", os.devnull]
        command += ["--state-dir", str(directory / "state"), "--runtime-dir", str(directory)]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline().startswith("READY")
        try:
            with Client(directory / "control.sock") as control:
                control.controller.register(
                    controller_id="bench", label="bench", workspace_key="bench"
                )
                yield RunningDaemon(directory, control, process.pid)
        finally:
            process.terminate()
            process.wait(timeout=30)
            process.stdout.close()
