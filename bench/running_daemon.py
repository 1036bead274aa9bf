"""A daemon for a benchmark, in directories of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.peers import processes
from penholder.blocking import Client

BENCH = "bench"
"""The controller that every worker is of."""


@dataclass(frozen=True)
class RunningDaemon:
    """Where it is, and a client of it."""

    directory: Path
    control: Client
    pid: int

    @property
    def database(self) -> Path:
        """Where it keeps everything."""
        return database(self.directory)

    def cpu_seconds(self) -> float:
        """Return what its threads have had of the processor."""
        return processes.cpu_seconds([self.pid])

    def make_worker(self, worker_id: str | None = None) -> str:
        """Make a worker and return the path of its runtime socket."""
        worker = self.control.worker.create(
            worker_id=worker_id,
            controller_id=BENCH,
            label="bench",
            launcher="bench",
            profile="bench",
            cwd="/",
        )
        assert worker.socket_path is not None
        return worker.socket_path


def database(directory: Path) -> Path:
    """Return where a daemon of a directory keeps everything."""
    return directory / "state" / "penholder.db"


def command(
    directory: Path,
    program: Sequence[str] = ("penholder_daemon",),
    flags: Sequence[str] = (),
) -> list[str]:
    """Return the command that starts a daemon in a directory."""
    words = [sys.executable, "-m", *program, "--config", os.devnull, *flags]
    return [*words, "--state-dir", str(directory / "state"), "--runtime-dir", str(directory)]


@contextmanager
def running_daemon(
    directory: Path | None = None,
    *,
    program: Sequence[str] = ("penholder_daemon",),
    flags: Sequence[str] = (),
) -> Iterator[RunningDaemon]:
    """Start a daemon with one controller, and end it with the block.

    Without a directory it has one of its own, which ends with it. `program` is the module that is
    the daemon, with what goes before its flags.
    """
    if directory is None:
        with (
            TemporaryDirectory(prefix="ph-bench-") as name,
            running_daemon(Path(name), program=program, flags=flags) as daemon,
        ):
            yield daemon
        return
    process = subprocess.Popen(
        command(directory, program, flags),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("READY")
        with Client(directory / "control.sock") as control:
            control.controller.register(controller_id=BENCH, label=BENCH, workspace_key=BENCH)
            yield RunningDaemon(directory, control, process.pid)
    finally:
        _end(process)


def _end(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout=30)
    if process.stdout is not None:
        process.stdout.close()
