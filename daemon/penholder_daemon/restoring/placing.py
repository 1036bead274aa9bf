"""One database in place of another: at every moment one of the two is there, and whole.

Two renames, the old one away and the new one to its place, leave a moment in which there is none: a
daemon that starts then would make an empty one. Writing over the old one leaves half of each. So
the old one gets a second name in `backups` before anything else (beside the first one where that is
another disk: a copy there would tell nobody that the two are one); then the new one takes its name
by one rename, which the file system does as a whole.

A log beside the old one, which is there only if the old one could not be opened, or is gone, goes
before that, since SQLite would play it into the new one: what was restored would be overwritten in
part, and who was fenced would hold again. It gets a second name beside the old one's first. Each
step is synced before the next one relies on it: a file system may bring renames and removals to the
disk in another order than they were made, and a power loss shows that order.

Cut off in between, the old one has lost its log to its second name: whoever opens it next gives it
back first (`backups.undo_half`).
"""

import errno
import os
import signal
from collections.abc import Sequence
from pathlib import Path

from penholder_daemon.refusals import HalfDone, Refused
from penholder_daemon.shell.disk import backups, blob_copies, copying


def place(new: Path, database: Path, blobs_dir: Path, blob_ids: Sequence[str]) -> Path | None:
    """Put a synced database in place; returns under which name the old one is kept.

    So are its blobs, of which the directory may hold others by now. Of an old one that is gone its
    log is kept so, with them: it may be found again.
    """
    # Whoever interrupts from here on could not be told the truth about what was done.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    is_there = os.path.lexists(database)
    kept = _keep(database, blobs_dir, blob_ids) if is_there or _logs_of(database) else None
    os.rename(new, database)
    try:
        copying.sync(database.parent)
    except OSError as error:
        raise HalfDone(
            f"the backup is in place, but a power loss may yet undo that: {error}; restore it again"
        ) from error
    return kept if is_there else None


def prepare(database: Path) -> None:
    """See that the old one can be kept, before it is touched; raises CopyFailed."""
    if os.path.lexists(database) or _logs_of(database):
        backups.prepare(database)


def _logs_of(database: Path) -> list[str]:
    return [log for log in backups.LOGS if os.path.lexists(backups.beside(database, log))]


def refuse_symlink(database: Path) -> None:
    """Refuse to replace a name that leads elsewhere; raises Refused."""
    if database.is_symlink():
        raise Refused(f"{database} is a symlink; it must be the database itself to be replaced")


def _keep(database: Path, blobs_dir: Path, blob_ids: Sequence[str]) -> Path:
    logs = _logs_of(database)
    kept = _give_second_names(database, logs)
    blob_copies.link_beside(kept, blob_ids, blobs_dir)
    # Before the first names go: else a power loss could take both.
    copying.sync(kept.parent)
    for log in logs:
        backups.beside(database, log).unlink()
    if logs:
        # A rename that outlived these at a power loss would leave the new one beside them.
        copying.sync(database.parent)
    return kept


def _give_second_names(database: Path, logs: Sequence[str]) -> Path:
    """Link the database and its logs to where they are kept; returns the database's name there."""
    name = backups.timed("replaced")
    suffixes = [*([""] if os.path.lexists(database) else []), *logs]
    for directory in backups.of_replaced(database):
        kept = directory / name
        try:
            # A second name of the same file costs no room, and a link never replaces anything.
            for suffix in suffixes:
                os.link(backups.beside(database, suffix), backups.beside(kept, suffix))
        except OSError as error:
            if error.errno != errno.EXDEV or directory == database.parent:
                raise
        else:
            break
    return kept
