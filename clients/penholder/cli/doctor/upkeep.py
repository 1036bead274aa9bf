"""Checks of the service and of the state: who keeps the daemon, backups, health, invariants."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from penholder.cli.daemon_process import keeper
from penholder.cli.daemon_process.executables import installed
from penholder.cli.doctor.finding import Finding, ok, problem, warning
from penholder.cli.doctor.situation import Situation, Unanswered
from penholder.cli.service import backups, manager, report, scope
from penholder.cli.service.scope import SERVICE, Scope
from penholder.cli.terminal.failures import Failure
from penholder_protocol.nouns import Health, Verification

_OLD_BACKUP_S = 2 * 86_400
_VERIFY_S = 60.0
_MOST_FINDINGS = 5
_OF_A_SERVER = (
    "whether one is made is not seen from here: pg_dump --schema=penholder makes one, or"
    " pg_basebackup with an archive of the log"
)
_ADVICE_FOR_A_FILE = "see the daemon's log, disk space and disk"
_SEE_SERVER = "see what is found of PostgreSQL, the daemon's log and the server's"
_ADVICE = {
    # What is only held in memory is read anew by the next daemon.
    "mirrors": "restart the daemon",
    # The same bytes have the same name, whoever puts them.
    "bytes_of_blobs": "put the same bytes again, or stop the daemon and restore a backup",
}


def service(at: Situation) -> Iterator[Finding]:
    """Look at the unit that keeps the daemon, if there is one."""
    where = scope.system() if at.scope == "system" else scope.user()
    if not (where.unit_dir / SERVICE).exists():
        yield _unkept(at, where)
        return
    try:
        # To ask would start a daemon through its socket, and this changes nothing.
        found = report.report(where, asks_daemon=False)
    except Failure as error:
        yield warning("service", str(error), "ask where its manager is reached")
        return
    yield from (
        problem("service", what, way)
        for what, _, way in (text.partition(": ") for text in found.problems)
    )
    if not found.problems:
        yield ok("service", f"{found.service.state}, {found.restarts} restarts")
    if found.pid and found.watchdog in ("0", "infinity"):
        yield warning("watchdog", "it is off: a daemon that hangs stays so", _install(where))
    yield from _program_of_unit(where)


def backup(at: Situation) -> Iterator[Finding]:
    """Look how old the newest backup is."""
    if at.store is not None:
        yield ok("backup", _OF_A_SERVER)
        return
    if not at.database.exists():
        return
    found = backups.newest(at.state_dir)
    if found is None:
        yield warning("backup", "there is none", "penholder backup; a service makes one each day")
    elif not -backups.CLOCK_TOLERANCE_S <= found.age_s <= _OLD_BACKUP_S:
        yet = ", which is yet to come: the clock was set back" if found.age_s < 0 else ""
        detail = f"the newest is of {found.made_at}{yet}"
        yield warning(
            "backup", detail, "penholder backup; penholder service status tells of the timer"
        )
    else:
        yield ok("backup", f"the newest is of {found.made_at}")


def health(at: Situation) -> Iterator[Finding]:
    """Ask the daemon how it is."""
    if at.status is None:
        return
    answer = msgspec.json.decode(at.ask("daemon.health"), type=Health)
    wrong = at.status.store_fault or (
        None if answer.ready else answer.message or answer.failure_kind
    )
    if wrong is None:
        yield ok("health", "the store can be read and written")
    else:
        yield problem("health", str(wrong), _ADVICE_FOR_A_FILE if at.store is None else _SEE_SERVER)
    if at.status.unserved_workers:
        yield warning(
            "workers",
            f"{at.status.unserved_workers} workers cannot be served",
            "stop some, raise LimitNOFILE, or see the daemon's log for what is in their way",
        )


def verification(at: Situation) -> Iterator[Finding]:
    """Have the daemon look for damage and broken invariants, without reading every index."""
    if at.status is None:
        return
    try:
        answer = at.ask("daemon.verify", {"deep": False}, timeout_s=_VERIFY_S)
    except Unanswered as error:
        yield warning("verify", str(error), "penholder daemon verify takes as long as it needs")
        return
    verified = msgspec.json.decode(answer, type=Verification)
    if verified.ok:
        yield ok("verify", "no damage, no broken invariant")
    for found in verified.findings[:_MOST_FINDINGS]:
        advice = _ADVICE.get(found.check, "stop the daemon and restore a backup")
        yield problem("verify", f"{found.check}: {found.detail}", advice)


def _unkept(at: Situation, where: Scope) -> Finding:
    if not manager.BOOTED.is_dir():
        return ok("service", "systemd does not run this machine")
    if at.status is not None and keeper.manager_of(at.status.pid) is not None:
        return ok("service", "the daemon is kept by a unit of another scope")
    return warning("service", "nobody starts the daemon again after a crash", _install(where))


def _program_of_unit(where: Scope) -> Iterator[Finding]:
    started = report.installed_program(where)
    found = installed("penholderd")
    if started is None or found is None or started == Path(found).absolute():
        return
    detail = f"it starts {started}, and this installation is {found}"
    yield warning("service", detail, _install(where))


def _install(where: Scope) -> str:
    return f"penholder service install{where.flag}"
