"""A mark beside a database that was changed under its daemon: nothing is to be built on it.

Somebody has written over the database, cut it off, or put another file in its place while a daemon
had it open. What the log beside it holds belongs to the bytes that were there before. A start would
play the log into those that are there now, and serve the mixture; beside an empty file SQLite would
delete the log. So the daemon that has seen it leaves a mark, and as long as it lies there nothing
opens the database for writing. A restore moves it away with the database it is about.
"""

from pathlib import Path

from penholder_daemon.shell.disk import copying

SUFFIX = "-changed"


def beside(database: Path) -> Path:
    """Return where the mark of a database lies."""
    return Path(f"{database}{SUFFIX}")


def leave(database: Path, why: str) -> None:
    """Leave one, safe from a power loss; raises OSError."""
    mark = beside(database)
    mark.write_text(f"{why}\n", encoding="utf-8")
    copying.sync(mark)
    copying.sync(mark.parent)


def take_back(database: Path) -> None:
    """Remove it: what was there before is there again; raises OSError."""
    beside(database).unlink(missing_ok=True)
    copying.sync(database.parent)


def is_left(database: Path) -> bool:
    """Tell whether a database is marked."""
    return beside(database).exists()
