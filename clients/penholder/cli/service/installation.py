"""`penholder service install`: from this installation to a service that runs.

The same command puts the service in place and brings it up to date, so it may find anything: no
units, units of an older version, units of somebody else, a daemon that `penholder up` started. What
cannot be meant is refused before anything is changed: without the right, without a manager, beside
a daemon that nobody keeps (two cannot serve one directory), over files of others, and with a
program that the service could not see.

Then comes what the units need, then the units. The manager reads them again only if one has
changed. A daemon that runs is restarted only for a reason, which is said: its unit has changed, or
it is older than the program. Otherwise it is left alone, as a restart is an interruption. With the
socket's unit the service is restarted too, as it goes and comes with it.

Each thing that was done is told when it is done: what fails in the middle leaves a report of all
that came before.
"""

import getpass
import os
import sys
from collections.abc import Container, Iterator
from pathlib import Path

from penholder import ConnectionLost, DaemonUnreachable
from penholder.cli.commands import status
from penholder.cli.daemon_process import keeper, presence
from penholder.cli.daemon_process.executables import installed
from penholder.cli.service import manager, network, placing, surroundings, templates
from penholder.cli.service.scope import SERVICE, SOCKET, TIMER, Scope
from penholder.cli.terminal.failures import Failure
from penholder.cli.terminal.options import Options
from penholder_protocol.errors import PenholderError

_SYSUSERS = "penholder.sysusers.conf"
# What a service of this kind does not see as it is, by PrivateTmp and ProtectHome of its units.
_HIDDEN = {
    "user": ("/tmp", "/var/tmp"),  # noqa: S108 - what is refused, not what is used
    "system": ("/tmp", "/var/tmp", "/home", "/root", "/run/user"),  # noqa: S108 - the same
}


def install(scope: Scope) -> Iterator[str]:
    """Put the service in place and start it, or bring it up to date; yields what was done."""
    manager.require_root(scope, "install")
    manager.require(scope)
    _refuse_unkept(scope)
    files = templates.render(scope.name, _values(scope))
    url = network.url_of(scope)
    # All of them before the first is written: half an installation is worse than none.
    placing.refuse_foreign(scope.files)
    yield from surroundings.prepare(scope, files.pop(_SYSUSERS, ""))
    placed = {name: placing.put(scope.unit_dir / name, text) for name, text in files.items()}
    changed = {name: done for name, done in placed.items() if done}
    yield from changed.values()
    # Part of the service's unit, as its manager sees it.
    if (opened := network.place(scope, url)) is not None:
        changed[SERVICE] = opened
        yield opened
    if changed:
        manager.run(scope, "daemon-reload")
    # Before the next step: what that starts has the new unit already, and needs no restart.
    was_active = {name for name in (SOCKET, SERVICE) if manager.is_active(scope, name)}
    yield from _enable(scope, has_server=url is not None)
    yield from _restart(scope, was_active.intersection(changed))
    yield from network.notes(scope, url)
    yield from _notes(scope)


def _enable(scope: Scope, *, has_server: bool) -> Iterator[str]:
    if not has_server:
        manager.run(scope, "enable", "--now", SOCKET, TIMER)
        yield f"{SOCKET} and {TIMER} are enabled and active"
        return
    # The daemon copies files only, so each day's backup would fail.
    manager.run(scope, "enable", "--now", SOCKET)
    manager.run(scope, "disable", "--now", TIMER)
    yield f"{SOCKET} is enabled and active; {TIMER} is not: PostgreSQL's own tools back it up"


def _refuse_unkept(scope: Scope) -> None:
    """Refuse beside a daemon of `penholder up`: two cannot serve one directory."""
    for directory in (scope.state_dir, scope.runtime_dir):
        pid = presence.pid_of_holder(directory)
        if pid is not None and keeper.manager_of(pid) is None:
            raise Failure(
                f"a daemon (process {pid}) that no service manager keeps serves {directory}:"
                " stop it first with `penholder down`"
            )


def _values(scope: Scope) -> dict[str, Path]:
    programs = {name: _program(scope, name) for name in ("penholderd", "penholder")}
    return {**programs, "state_dir": scope.state_dir}


def _program(scope: Scope, name: str) -> Path:
    found = installed(name)
    if found is None:
        raise Failure(f"{name} is neither beside {sys.executable} nor on PATH: install it there")
    path = Path(found).absolute()
    # A link may lead out of a hidden place or into one; both ends must be seen.
    for needed in (path, path.resolve(), Path(sys.executable).resolve()):
        _refuse_hidden(scope, needed)
    return path


def _refuse_hidden(scope: Scope, path: Path) -> None:
    for directory in _HIDDEN[scope.name]:
        if path.is_relative_to(directory):
            raise Failure(
                f"{path} lies in {directory}, where a service must not look for its program:"
                " install Penholder elsewhere, for example in a virtual environment below /opt"
            )


def _restart(scope: Scope, changed: Container[str]) -> Iterator[str]:
    """Start anew what ran before its unit was replaced, and say why."""
    if SOCKET in changed:
        # The service goes and comes with its socket.
        manager.run(scope, "restart", SOCKET)
        yield f"restarted {SOCKET}, whose unit has changed"
    elif SERVICE in changed:
        manager.run(scope, "restart", SERVICE)
        yield f"restarted {SERVICE}, whose unit has changed"
    elif manager.is_active(scope, SERVICE):
        yield from _replace_older(scope)
    else:
        yield "the daemon starts when somebody connects"


def _replace_older(scope: Scope) -> Iterator[str]:
    try:
        version = status.record(Options(runtime_dir=str(scope.runtime_dir))).version
    except (ConnectionLost, DaemonUnreachable, PenholderError) as error:
        yield f"{SERVICE} runs and was left alone; its version is not known: {error}"
        return
    if keeper.is_older(version):
        manager.run(scope, "restart", SERVICE)
        yield f"restarted {SERVICE}, which ran version {version}"
    else:
        yield f"{SERVICE} runs and was left alone"


def _notes(scope: Scope) -> Iterator[str]:
    """Say what may surprise later."""
    if scope.name == "system":
        return
    name = getpass.getuser()
    if not Path("/var/lib/systemd/linger", name).exists():
        yield (
            f"note: your service manager, and with it the daemon, ends when you log out; to keep"
            f" them: loginctl enable-linger {name}"
        )
    given = os.environ.get("PENHOLDER_RUNTIME_DIR")
    if given and Path(given).absolute() != scope.runtime_dir:
        yield (
            f"note: PENHOLDER_RUNTIME_DIR sends your programs to {given}; the service is at"
            f" {scope.runtime_dir}: unset it"
        )
