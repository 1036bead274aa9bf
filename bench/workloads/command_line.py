"""How long `penholder status` takes, as a whole process."""

import os
import subprocess
import sys
import time
from pathlib import Path

from bench.report.rows import show_round
from bench.results import Name
from bench.running_daemon import running_daemon
from bench.workloads.run import Run

WORKLOAD = "command_line"
STATUS = Name(WORKLOAD, "whole process", "penholder status")
_EMPTY = Name(WORKLOAD, "whole process", "python -c pass")
_TIMES = 10
"""In each round, one after the other in turn."""


def main(run: Run) -> None:
    """`penholder status` beside a Python that does nothing, wall time."""
    program = str(Path(sys.executable).with_name("penholder"))
    commands = {_EMPTY: [sys.executable, "-c", "pass"], STATUS: [program, "status"]}
    with running_daemon() as daemon:
        environment = {**os.environ, "PENHOLDER_RUNTIME_DIR": str(daemon.directory)}
        for _ in range(_TIMES * run.rounds):
            for name, command in commands.items():
                run.results.add(name, {"wall_ms": _taken_ms(command, environment)})
    show_round(run.results, list(commands))


def _taken_ms(command: list[str], environment: dict[str, str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
    return 1000 * (time.perf_counter() - begun)
