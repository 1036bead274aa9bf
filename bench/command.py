"""The command line: which benchmarks, how long, and where the figures go."""

import argparse
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType

from bench import agents, hostile, journal, lean, moving, noticing, parts, queue, service
from bench.limits import Broken, Missed
from bench.report import whole
from bench.report.files import write_json
from bench.report.machine import describe
from bench.report.plots import write_plots
from bench.workloads import (
    appends,
    claims,
    cold_start,
    command_line,
    fan_out,
    fleet,
    growth,
    several,
    slow_disk,
)
from bench.workloads.run import Run

WORKLOADS: dict[str, Callable[[Run], None]] = {
    "closed": appends.closed,
    "deep": appends.deep,
    "many": appends.many,
    "mixed": appends.mixed,
    "claims": claims.main,
    "fan_out": fan_out.main,
    "fleet": fleet.main,
    "growth": growth.main,
    "cold_start": cold_start.main,
    "command_line": command_line.main,
    "slow_disk": slow_disk.main,
}
"""The standard run: what its figures are is told, and nothing fails but what is wrong."""
QUICK: dict[str, Callable[[Run], None]] = {"lean": lean.main, "several": several.main}
HELD: dict[str, Callable[[], None]] = {
    "parts": parts.main,
    "noticing": noticing.main,
    "queue": queue.main,
    "journal": journal.main,
    "moving": moving.main,
    "service": service.main,
    "agents": agents.main,
    "hostile": hostile.main,
}
"""By themselves, some of them held to limits."""
_ROUNDS, _QUICK_ROUNDS = 5, 3


def main() -> int:
    """Run what is named; returns 1 if something is wrong or beyond its limit."""
    try:
        return _run()
    except KeyboardInterrupt:
        print("interrupted; what was started has ended")
        return 130


def _run() -> int:
    options = _options()
    # As an installed program has it: else each start would compile it anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _end)
    names = options.names or list(WORKLOADS)
    rounds = options.rounds or (_QUICK_ROUNDS if {*names} <= {*QUICK} else _ROUNDS)
    with TemporaryDirectory(prefix="ph-bench-") as directory:
        # Another user, whom PostgreSQL runs as, must get through to its own directory.
        Path(directory).chmod(0o711)
        run = Run(Path(directory), rounds, options.seconds, options.scale)
        machine = describe(Path(directory))
        whole.show_machine(machine)
        is_good = [_is_good(run, name) for name in names]
    if {*names} & {*WORKLOADS, "several"}:
        whole.show(run, is_standard=not options.names)
    if options.json:
        write_json(run, machine, options.json)
    if options.plots:
        write_plots(run.results, options.plots)
    return 0 if all(is_good) else 1


def _options() -> argparse.Namespace:
    known = [*WORKLOADS, *QUICK, *HELD]
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(known)}; else the standard run")
    parser.add_argument("--rounds", type=int, help="of each load; medians are told")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each round of a load")
    parser.add_argument("--scale", action="store_true", help="databases of 10,000,000 events")
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    parser.add_argument("--plots", type=Path, help="write plots into this directory")
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in known]:
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(known)}")
    return options


def _is_good(run: Run, name: str) -> bool:
    begun = time.perf_counter()
    try:
        _carry_out(run, name)
    except (Missed, Broken) as wrong:
        print(f"{type(wrong).__name__.lower()}: {wrong}", flush=True)
        return False
    except Exception:  # noqa: BLE001 - what the others find is worth having all the same
        traceback.print_exc()
        return False
    print(f"({time.perf_counter() - begun:.0f} s)", flush=True)
    return True


def _carry_out(run: Run, name: str) -> None:
    if name in HELD:
        _head(name, HELD[name].__doc__)
        HELD[name]()
    else:
        benchmark = {**WORKLOADS, **QUICK}[name]
        _head(name, benchmark.__doc__)
        benchmark(run)


def _head(name: str, doc: str | None) -> None:
    print(f"\n== {name}: {(doc or '').strip()}", flush=True)


def _end(_number: int, _frame: FrameType | None) -> None:
    # As an exception it ends what was started on its way out.
    sys.exit(1)
