"""Checks of what runs against what is installed: program, configuration, SQLite, schema."""

from collections.abc import Iterator

from penholder.cli.daemon_process import keeper, presence
from penholder.cli.doctor.finding import Finding, ok, problem, warning
from penholder.cli.doctor.situation import Situation
from penholder.cli.terminal import configuration, silence
from penholder.cli.terminal.failures import Failure
from penholder_protocol import __version__

_VERSION_OFFSET = 60
"""Where an SQLite file has its user_version, in which the daemon keeps the number of the schema."""
_ON_ITS_OWN = "see to the store, as the other findings say; the daemon then goes on by itself"
_UPGRADE = "install the newer program here, too"


def program(at: Situation) -> Iterator[Finding]:
    """Look whether the daemon can be found, and can use its configuration."""
    if at.about is None:
        yield problem("program", f"penholderd does not run: {at.about_error}", "install it again")
        return
    config = at.about.config or "none, so the defaults"
    if at.about.problem is None:
        yield ok("configuration", f"{config}; a daemon can use it")
    else:
        # It may have been started by another file than the usual one.
        other = ", or name with --config by what it was started" if at.is_there else ""
        way = f"the daemon would not start: correct that{other}"
        yield problem("configuration", at.about.problem, way)


def clients_configuration(_at: Situation) -> Iterator[Finding]:
    """Look whether the words can read their own configuration; the daemon has another."""
    path = configuration.path()
    try:
        configuration.read()
    except Failure as error:
        yield problem("clients", str(error), "correct that: words that need it fail")
        return
    found = str(path) if path.exists() else "none, so the defaults"
    yield ok("clients", f"{found}; every word can read it")


def daemon(at: Situation) -> Iterator[Finding]:
    """Look whether the daemon answers, and whether it is the program that is installed."""
    if at.refuses:
        detail = f"it runs, and its store cannot be used: {at.status_error}"
        yield problem("daemon", detail, _ON_ITS_OWN)
        return
    if at.status is None:
        yield problem("daemon", at.status_error, _revival(at))
        return
    yield ok("daemon", f"process {at.status.pid} answers in {at.answered_after_ms:.0f} ms")
    running = at.status.version
    if running == __version__:
        yield ok("version", f"{running}, as the program")
    elif keeper.is_older(running):
        restart = keeper.restart_command(at.status.pid)
        yield warning("version", f"the daemon is {running}, the program {__version__}", restart)
    else:
        yield warning("version", f"the daemon is {running}, the program {__version__}", _UPGRADE)


def sqlite(at: Situation) -> Iterator[Finding]:
    """Look which SQLite is in use; the program itself refuses one that corrupts."""
    if at.about is None:
        return
    installed = at.about.sqlite_version
    if at.status is None or at.status.sqlite_version == installed:
        yield ok("SQLite", installed)
    else:
        detail = f"the daemon uses {at.status.sqlite_version}, installed is {installed}"
        yield warning("SQLite", detail, keeper.restart_command(at.status.pid))


def schema(at: Situation) -> Iterator[Finding]:
    """Look whether the program knows the database's schema."""
    found = at.status.schema_version if at.status else _schema_in_file(at)
    if at.about is None or found is None:
        return
    known = at.about.schema_version
    detail = f"the database has schema {found}, the program knows up to {known}"
    if found > known:
        yield problem("schema", detail, _UPGRADE)
    else:
        yield ok("schema", detail)


def _revival(at: Situation) -> str:
    pid = presence.pid_of_holder(at.state_dir) or presence.pid_of_holder(at.runtime_dir)
    if pid is not None and at.hangs:
        end = f"see its log; kill -9 {pid} ends it, and nothing acknowledged is lost"
        stopped = silence.let_go_on(pid)
        return end if stopped is None else f"{stopped}; if it hangs all the same, {end}"
    if at.way_on is not None:
        return at.way_on
    return "see its log if there was one; penholder up, or penholder service install, starts it"


def _schema_in_file(at: Situation) -> int | None:
    """Read it where no daemon runs; no SQLite has the file open in this process.

    Where a crash has left a log, the newest number may be in there: then it is not known.
    """
    try:
        log = at.database.with_name("penholder.db-wal")
        if log.exists() and log.stat().st_size:
            return None
        # Reading what is no file may take for ever, as of a pipe that nobody writes to.
        if not at.database.is_file():
            return None
        with at.database.open("rb") as file:
            header = file.read(_VERSION_OFFSET + 4)
    except OSError:
        return None
    field = header[_VERSION_OFFSET:]
    # SQLite's header is the same on every machine.
    return int.from_bytes(field, "big") if len(field) == 4 else None
