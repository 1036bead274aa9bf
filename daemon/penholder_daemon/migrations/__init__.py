"""The schema as an append-only list of numbered steps; a released step never changes.

`user_version` of the database is the number of the last step that was applied.
"""

from functools import cache
from importlib import resources

from penholder_daemon.core.store import Store

APPLICATION_ID = 0x50454E31
"""`PEN1` in the file's header, so that a foreign database is known as such."""


@cache
def steps() -> tuple[tuple[str, str], ...]:
    """Return every step in order: its name, such as 0001_first, and its SQL."""
    files = sorted(
        (file for file in resources.files(__package__).iterdir() if file.name.endswith(".sql")),
        key=lambda file: file.name,
    )
    return tuple((file.name.removesuffix(".sql"), file.read_text("utf-8")) for file in files)


def version(store: Store) -> int:
    """Return how many steps the database has had."""
    row = store.row("PRAGMA user_version")
    return int(str(row[0])) if row else 0


def apply(store: Store) -> int:
    """Bring the database to the newest step, all in one transaction; returns its number."""
    done = version(store)
    waiting = steps()[done:]
    if waiting:
        store.run("BEGIN IMMEDIATE")
        for _, sql in waiting:
            store.run(sql)
        store.run(f"PRAGMA application_id = {APPLICATION_ID}")
        store.run(f"PRAGMA user_version = {done + len(waiting)}")
        store.run("COMMIT")
    return done + len(waiting)
