"""How long `penholder status` takes, as a whole process."""

import os
import subprocess
import sys
import time
from pathlib import Path

from bench.running_daemon import running_daemon

ROUNDS = 30


def _seconds(command: list[str], environment: dict[str, str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begun


def main() -> None:
    """`penholder status` beside a Python that does nothing (limit: 100 ms of wall time)."""
    program = str(Path(sys.executable).with_name("penholder"))
    with running_daemon() as daemon:
        environment = {**os.environ, "PENHOLDER_RUNTIME_DIR": str(daemon.directory)}
        for name, command in (
            ("python -c pass", [sys.executable, "-c", "pass"]),
            ("penholder status", [program, "status"]),
        ):
            taken = sorted(_seconds(command, environment) for _ in range(ROUNDS))
            print(
                f"{name:18} median {1000 * taken[ROUNDS // 2]:.0f} ms"
                f"   p90 {1000 * taken[ROUNDS * 9 // 10]:.0f} ms"
            )
