"""Run the benchmarks named on the command line, or all."""

import sys
from collections.abc import Callable

from bench import appends, command_line, hostile, journal, lean, moving, noticing, queue, service
from bench.limits import Missed

BENCHMARKS: dict[str, Callable[[], None]] = {
    "appends": appends.main,
    "lean": lean.main,
    "noticing": noticing.main,
    "command_line": command_line.main,
    "queue": queue.main,
    "journal": journal.main,
    "moving": moving.main,
    "service": service.main,
    "hostile": hostile.main,
}


def main() -> int:
    """Run them in order; returns 1 if one misses a limit that it is held to."""
    names = sys.argv[1:] or list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
        return 2
    kept = [_keeps_limits(name) for name in names]
    return 0 if all(kept) else 1


def _keeps_limits(name: str) -> bool:
    print(f"\n== {name}: {(BENCHMARKS[name].__doc__ or '').strip()}")
    try:
        BENCHMARKS[name]()
    except Missed as missed:
        print(f"missed: {missed}")
        return False
    return True


if __name__ == "__main__":
    raise SystemExit(main())
