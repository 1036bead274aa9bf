"""A keeper as a unit of the user's systemd: its own cgroup, so that nothing can escape it.

`systemd-run` is asked where a user's manager seems to be there, and where it cannot, the keeper is
a process of its own. The unit's words hold the keeper and a path, nothing of the command.
"""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from shutil import which

from penholder.cli.run import apart
from penholder.cli.terminal.failures import Failure

_ANSWER_S = 15.0
_STOP_MARGIN_S = 10
"""What a unit gets beyond the command's patience, before systemd kills all of it."""


def start(worker_id: str, kill_after_s: float, words: Sequence[str]) -> bool:
    """Start a keeper in a unit; False where there is no manager that does so."""
    systemd_run = which("systemd-run")
    if systemd_run is None or not _has_manager():
        return False
    command = [systemd_run, *_flags(worker_id, kill_after_s), "--", *map(_escaped, words)]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_ANSWER_S,
        )
    except OSError:
        return False
    except subprocess.TimeoutExpired:
        # It may still start the unit: a keeper beside it would be a second one.
        raise Failure(f"the user's systemd did not answer within {_ANSWER_S:.0f} s") from None
    return done.returncode == 0


def _has_manager() -> bool:
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    return bool(runtime) and Path(runtime or "", "systemd").is_dir()


def _flags(worker_id: str, kill_after_s: float) -> list[str]:
    return [
        "--user", "--collect", "--quiet",
        f"--unit=penholder-run-{worker_id}",
        f"--description=command of penholder worker {worker_id}",
        # The keeper tells its runner, which ends the command; the rest is for what hangs.
        "--property=KillMode=mixed",
        f"--property=TimeoutStopSec={int(kill_after_s) + _STOP_MARGIN_S}",
        *(f"--setenv={name}={value}" for name, value in apart.environment().items()),
    ]  # fmt: skip


def _escaped(word: str) -> str:
    """Keep systemd from putting variables in place of what begins with a dollar."""
    return word.replace("$", "$$")
