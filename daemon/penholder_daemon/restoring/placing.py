"""One database in place of another: at every moment one of the two is there, and whole.

The old one gets a second name in `backups` before anything else; then the new one takes its name
by a rename. A log beside the old one, which is there only if the old one could not be opened, goes
before that, since SQLite would play it into the new one.
"""

import os
import signal
from pathlib import Path

from penholder_daemon.moving.refusals import HalfDone, Refused
from penholder_daemon.shell import backups, copying

_LOGS = ("-wal", "-shm", "-journal")


def place(new: Path, database: Path) -> Path | None:
    """Put a synced database in place; returns under which name the old one is kept."""
    # Whoever interrupts from here on could not be told the truth about what was done.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    kept = _keep(database) if os.path.lexists(database) else None
    os.rename(new, database)
    try:
        copying.sync(database.parent)
    except OSError as error:
        raise HalfDone(
            f"the backup is in place, but a power loss may yet undo that: {error}; restore it again"
        ) from error
    return kept


def undo_half(database: Path) -> None:
    """Undo what a crash left of an earlier placing that did not come to its rename.

    The old one has two names then: the second would change with the first once a daemon runs.
    """
    directory = backups.directory_of(database)
    if not database.exists() or not directory.is_dir():
        return
    for kept in directory.glob("replaced-*.db"):
        if kept.samefile(database):
            _take_back_logs(kept, database)
            kept.unlink()


def prepare(database: Path) -> None:
    """See that the old one can be kept, before it is touched; raises CopyFailed."""
    if os.path.lexists(database):
        backups.prepare(database)


def refuse_symlink(database: Path) -> None:
    """Refuse to replace a name that leads elsewhere; raises Refused."""
    if database.is_symlink():
        raise Refused(f"{database} is a symlink; it must be the database itself to be replaced")


def _keep(database: Path) -> Path:
    kept = backups.directory_of(database) / backups.timed("replaced")
    os.link(database, kept)
    logs = [log for log in _LOGS if os.path.lexists(_beside(database, log))]
    for log in logs:
        os.link(_beside(database, log), _beside(kept, log))
    copying.sync(kept.parent)
    for log in logs:
        _beside(database, log).unlink()
    if logs:
        # A rename that outlived these at a power loss would leave the new one beside them.
        copying.sync(database.parent)
    return kept


def _take_back_logs(kept: Path, database: Path) -> None:
    for log in _LOGS:
        there, here = _beside(kept, log), _beside(database, log)
        if there.exists() and not here.exists():
            os.link(there, here)
        # Another one may have been begun here; then the old one is all that is left of it.
        if there.exists() and there.samefile(here):
            there.unlink()


def _beside(database: Path, log: str) -> Path:
    return database.with_name(database.name + log)
