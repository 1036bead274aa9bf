"""The directory `backups` beside a database: what lies there, and how much of it is kept.

Names tell what a file is: `penholder-<time>.db` a backup that was asked for,
`before-schema-<N>-<time>.db` the database before its upgrade to schema N, `replaced-<time>.db` the
one before a restore. What has blobs has them beside it, in a directory of its name and `.blobs`.
Nothing is removed but the oldest of the first two kinds.

What is removed is chosen by its whole name, and must be a plain file: people put files of their own
beside backups, and none of those may be taken for one. What a crash left unfinished is cleared away
before the next copy.

A restore puts another database in the place of this one. It gives the old one a second name, moves
its log there, and then replaces the first name by one rename. Cut off in between, it leaves one
database with two names and its log under the wrong one. A start that did not undo that would serve
the database without what its log holds (`undo_half`).
"""

import os
import re
import stat
from datetime import UTC, datetime
from pathlib import Path

import apsw

from penholder_daemon.shell.disk import blob_copies, changed_mark, copying
from penholder_daemon.shell.disk.copying import CopyFailed
from penholder_daemon.shell.disk.paths import UnusablePath, make_private_directory

_TIME = r"(\d{8}T\d{6}\.\d{3}Z)"
BACKUP = re.compile(rf"penholder-{_TIME}\.db")
BEFORE_UPGRADE = re.compile(rf"before-schema-\d+-{_TIME}\.db")
_LEFT_OVER = re.compile(
    rf"\.(penholder|before-schema-\d+)-{_TIME}\.db\.partial(-journal|-wal|-shm)?"
)
_KEPT_BEFORE_UPGRADES = 3

LOGS = ("-wal", "-shm", "-journal", changed_mark.SUFFIX)
"""What lies beside a database that is, or was, in use: SQLite's logs, and our mark about them."""


def directory_of(database: Path) -> Path:
    """Return where the copies of a database lie."""
    return database.with_name("backups")


def prepare(database: Path) -> Path:
    """Make the directory, private to this user, and clear it of copies that a crash cut off.

    Only one program at a time may make copies there. Raises CopyFailed.
    """
    directory = directory_of(database)
    try:
        is_new = not directory.exists()
        make_private_directory(directory)
        # The name of the directory is not on disk with what is in it.
        if is_new:
            copying.sync(directory.parent)
        for path in _found(directory, _LEFT_OVER):
            path.unlink()
        blob_copies.clear_left_over(directory, BACKUP)
    except (UnusablePath, OSError) as error:
        raise CopyFailed(str(error)) from error
    return directory


def timed(kind: str) -> str:
    """Name a new file of a kind, such as `penholder`; names of a kind sort by time."""
    now = datetime.now(UTC)
    return f"{kind}-{now:%Y%m%dT%H%M%S}.{now.microsecond // 1000:03d}Z.db"


def keep_before_upgrade(source: apsw.Connection, database: Path, schema: int) -> Path:
    """Copy the database as it is before its upgrade to a schema; raises CopyFailed."""
    target = prepare(database) / timed(f"before-schema-{schema}")
    copying.copy_whole(source, target, copying.check_integrity)
    keep_newest(target, BEFORE_UPGRADE, _KEPT_BEFORE_UPGRADES)
    return target


def keep_newest(made: Path, kind: re.Pattern[str], most: int) -> list[Path]:
    """Remove all but the newest files of a kind beside one that was just made; returns which.

    That one is the newest, whatever the clock says. What has a later name was there before it: the
    clock was set back. By which of the two it was right nobody can tell, so that goes first.
    """
    now = _time_in(kind, made)

    def age(path: Path) -> tuple[bool, str]:
        time = _time_in(kind, path)
        return time <= now, time

    by_time = sorted(_found(made.parent, kind), key=age)
    removed = by_time[: max(0, len(by_time) - most)]
    for path in removed:
        path.unlink()
        # After it: cut off in between, what is left is known for what it is.
        blob_copies.remove_beside(path)
    return removed


def _found(directory: Path, kind: re.Pattern[str]) -> list[Path]:
    """List the plain files whose whole name is of a kind."""
    return [
        path
        for path in directory.iterdir()
        if kind.fullmatch(path.name) and stat.S_ISREG(path.lstat().st_mode)
    ]


def _time_in(kind: re.Pattern[str], path: Path) -> str:
    found = kind.fullmatch(path.name)
    assert found is not None  # it was chosen for its name
    return found[1]


def undo_half(database: Path) -> None:
    """Undo what a crash left of a restore that did not come to its rename.

    The old database has two names then: the second would change with the first once a daemon runs.
    Its logs may have only the second, and without them the first would lack what was written last.
    """
    if not database.exists():
        return
    for directory in of_replaced(database):
        for kept in directory.glob("replaced-*.db"):
            # No link: it may lead to where nothing is now, and it is none of ours.
            if kept.is_symlink():
                continue
            # The same file under both names: the rename was never reached.
            if kept.samefile(database):
                _take_back_logs(kept, database)
                blob_copies.remove_beside(kept)
                kept.unlink()


def of_replaced(database: Path) -> tuple[Path, Path]:
    """Return where the one before a restore is kept, and where if that is on another disk."""
    return directory_of(database), database.parent


def _take_back_logs(kept: Path, database: Path) -> None:
    for log in LOGS:
        there, here = beside(kept, log), beside(database, log)
        if there.exists() and not here.exists():
            os.link(there, here)
        # Another one may have been begun here; then the old one is all that is left of it.
        if there.exists() and there.samefile(here):
            there.unlink()


def beside(database: Path, log: str) -> Path:
    """Name a log of a database."""
    return database.with_name(database.name + log)
