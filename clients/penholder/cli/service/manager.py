"""Speaking to a systemd manager through `systemctl`."""

import os
import subprocess
from pathlib import Path

from penholder.cli.daemon_process.keeper import systemctl
from penholder.cli.service.scope import Scope
from penholder.cli.terminal.failures import Failure

BOOTED = Path("/run/systemd/system")
"""Is there where systemd runs the machine (man 3 sd_booted)."""
_SHOW_S = 20.0
_WITHOUT = "`penholder up` starts the daemon without it"


def require(scope: Scope) -> None:
    """Refuse where the manager is not there or may not be asked; raises Failure."""
    if not BOOTED.is_dir():
        raise Failure(f"systemd does not run this machine; {_WITHOUT}")
    done = _call(scope, "show", "--property=Version", timeout_s=_SHOW_S)
    if done.returncode:
        raise Failure(
            f"`{systemctl(scope.name, 'show')}` fails: {_said(done)}; a user's manager is reached"
            f" from a login session with XDG_RUNTIME_DIR; {_WITHOUT}"
        )


def require_root(scope: Scope, verb: str) -> None:
    """Refuse to touch the machine's units as somebody else; raises Failure."""
    if scope.name == "system" and os.geteuid() != 0:
        raise Failure(f"that needs root: sudo penholder service {verb} --system")


def run(scope: Scope, *words: str) -> None:
    """Have the manager do something; raises Failure with what it said."""
    done = _call(scope, *words)
    if done.returncode:
        raise Failure(
            f"`{systemctl(scope.name, *words)}` failed: {_said(done)}"
            f" (penholder service logs{scope.flag} may say why)"
        )


def show(scope: Scope, unit: str) -> dict[str, str]:
    """Return all properties of a unit; raises Failure."""
    done = _call(scope, "show", unit, timeout_s=_SHOW_S)
    if done.returncode:
        raise Failure(f"`{systemctl(scope.name, 'show', unit)}` failed: {_said(done)}")
    pairs = (line.partition("=") for line in done.stdout.splitlines())
    return {name: value for name, _, value in pairs}


def is_active(scope: Scope, unit: str) -> bool:
    """Tell whether a unit listens or runs."""
    return show(scope, unit).get("ActiveState") == "active"


def _call(
    scope: Scope, *words: str, timeout_s: float | None = None
) -> "subprocess.CompletedProcess[str]":
    command = systemctl(scope.name, *words).split()
    try:
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout_s,
        )
    except FileNotFoundError:
        raise Failure(f"there is no `systemctl`; {_WITHOUT}") from None
    except subprocess.TimeoutExpired:
        raise Failure(f"`{' '.join(command)}` did not answer within {timeout_s:.0f} s") from None


def _said(done: "subprocess.CompletedProcess[str]") -> str:
    return " ".join(done.stderr.split()) or f"exit status {done.returncode}"
