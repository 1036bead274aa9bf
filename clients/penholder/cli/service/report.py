"""`penholder service status`: what systemd says of the service, and what the daemon says itself."""

from pathlib import Path

import msgspec

from penholder import ConnectionLost, DaemonUnreachable
from penholder.cli.commands import status
from penholder.cli.daemon_process import keeper
from penholder.cli.service import backups, manager
from penholder.cli.service.scope import BACKUP, SERVICE, SOCKET, TIMER, Scope
from penholder.cli.terminal.failures import Failure
from penholder.cli.terminal.options import Options
from penholder_protocol import __version__
from penholder_protocol.errors import PenholderError


class Unit(msgspec.Struct):
    """One unit as its manager has it."""

    state: str
    """Such as `active (listening)`, or `not installed`."""
    enabled: str
    result: str


class Report(msgspec.Struct):
    """The service at one moment."""

    scope: str
    socket: Unit
    service: Unit
    timer: Unit
    backup: Unit
    pid: int | None
    restarts: int
    watchdog: str
    last_backup_at: str | None
    program_version: str
    daemon_version: str | None
    problems: list[str]


def report(scope: Scope, *, asks_daemon: bool = True) -> Report:
    """Ask the manager and the daemon; raises Failure where there is no manager."""
    manager.require(scope)
    listens = asks_daemon and manager.is_active(scope, SOCKET)
    # Asking starts the daemon, so it comes before what its manager says of it.
    version, found = _daemon(scope) if listens else (None, [])
    made = _without_problems(scope, version)
    made.problems = [*_unit_problems(scope, made), *found]
    return made


def _without_problems(scope: Scope, daemon_version: str | None) -> Report:
    shown = {name: manager.show(scope, name) for name in (SOCKET, SERVICE, TIMER, BACKUP)}
    service = shown[SERVICE]
    newest = backups.newest(scope.state_dir)
    return Report(
        scope=scope.name,
        socket=_unit(shown[SOCKET]),
        service=_unit(service),
        timer=_unit(shown[TIMER]),
        backup=_unit(shown[BACKUP]),
        pid=int(service.get("MainPID", "0")) or None,
        restarts=int(service.get("NRestarts", "0")),
        watchdog=service.get("WatchdogUSec", "0"),
        last_backup_at=newest.made_at if newest else None,
        program_version=__version__,
        daemon_version=daemon_version,
        problems=[],
    )


def _unit(shown: dict[str, str]) -> Unit:
    if shown.get("LoadState") == "not-found":
        return Unit("not installed", "-", "-")
    state = f"{shown.get('ActiveState')} ({shown.get('SubState')})"
    return Unit(state, shown.get("UnitFileState", "-"), shown.get("Result", "-"))


def _unit_problems(scope: Scope, units: Report) -> list[str]:
    install = f"penholder service install{scope.flag}"
    if units.socket.state == "not installed":
        return [f"no service is installed: {install}"]
    found = []
    if not units.socket.state.startswith("active"):
        found.append(f"{SOCKET} is {units.socket.state}: {install}")
    # Somebody who makes backups in another way may have disabled it.
    if units.timer.enabled == "enabled" and not units.timer.state.startswith("active"):
        found.append(f"{TIMER} is {units.timer.state}: {install}")
    found += [
        f"{name} failed ({unit.result}): penholder service logs{scope.flag} says why"
        for name, unit in ((SERVICE, units.service), (BACKUP, units.backup))
        if unit.state.startswith("failed")
    ]
    return found


def _daemon(scope: Scope) -> tuple[str | None, list[str]]:
    """Ask the daemon itself: its version, and what is wrong."""
    try:
        running = status.record(Options(runtime_dir=str(scope.runtime_dir)))
    except (DaemonUnreachable, ConnectionLost, PenholderError, Failure) as error:
        return None, [f"the daemon does not answer: {error}"]
    return running.version, [*_age_problems(scope, running.version), *_store_problems(running)]


def _age_problems(scope: Scope, version: str) -> list[str]:
    if version == __version__:
        return []
    age = "older" if keeper.is_older(version) else "newer"
    restart = keeper.systemctl(scope.name, "restart", "penholder")
    return [
        f"the running daemon is {age} ({version}) than the program ({__version__}):"
        + (f" {restart}" if age == "older" else " install the newer program here, too")
    ]


def _store_problems(running: status.Running) -> list[str]:
    found = []
    if running.store_fault is not None:
        found.append(f"the store fails: {running.store_fault}; it ends with its cause")
    if running.unserved_workers:
        found.append(
            f"{running.unserved_workers} workers cannot be served: stop some, raise LimitNOFILE, or"
            " see the daemon's log for what is in the way of their sockets"
        )
    return found


def installed_program(scope: Scope) -> Path | None:
    """Return the daemon that the installed unit starts, if there is a unit."""
    try:
        text = (scope.unit_dir / SERVICE).read_text("utf-8")
    except OSError:
        return None
    line = next((line for line in text.splitlines() if line.startswith("ExecStart=")), "")
    word = line.removeprefix("ExecStart=")
    quoted = word.split('"')[1] if word.startswith('"') else word.partition(" ")[0]
    return Path(quoted.replace("%%", "%"))
