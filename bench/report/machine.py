"""On what it was measured: who compares two runs must know."""

import os
import platform
import sysconfig
from pathlib import Path

import apsw

from penholder_protocol import __version__


def describe(directory: Path) -> dict[str, str]:
    """Return what decides how fast things are, in words."""
    options = str(sysconfig.get_config_var("CONFIG_ARGS") or "")
    optimized = "with" if "--enable-optimizations" in options else "without"
    return {
        "penholder": __version__,
        "python": f"{platform.python_version()}, built {optimized} --enable-optimizations",
        "sqlite": apsw.sqlite_lib_version(),
        "kernel": platform.release(),
        "cores": str(len(os.sched_getaffinity(0))),
        "processor": _processor(),
        "load_at_the_start": f"{os.getloadavg()[0]:.2f}",
        "filesystem": _filesystem(directory),
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _filesystem(directory: Path) -> str:
    """Return of which kind the filesystem is that holds all stores."""
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    above = [(point, kind) for _, point, kind, *_ in mounts if directory.is_relative_to(point)]
    return max(above, key=lambda each: len(each[0]))[1]
