"""Run the benchmarks named on the command line, or all."""

import sys
from collections.abc import Callable

from bench import appends, command_line, moving, noticing, queue

BENCHMARKS: dict[str, Callable[[], None]] = {
    "appends": appends.main,
    "noticing": noticing.main,
    "command_line": command_line.main,
    "queue": queue.main,
    "moving": moving.main,
}


def main() -> int:
    """Run them in order."""
    names = sys.argv[1:] or list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
        return 2
    for name in names:
        print(f"\n== {name}: {(BENCHMARKS[name].__doc__ or '').strip()}")
        BENCHMARKS[name]()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
