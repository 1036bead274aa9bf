"""The schema as an append-only list of numbered steps; a released step never changes.

`user_version` of the database is the number of the last step that was applied. So what a database
lacks is told by one number, and that number must mean the same steps in every version: a step that
was changed after its release would leave some databases without the change and no way to tell
which. A mistake in one is mended by another.

All steps that wait are one transaction. A database between two schemas could be served by no
version of the program.
"""

from functools import cache
from pathlib import Path

from penholder_daemon.core.store import Store, integer

APPLICATION_ID = 0x50454E31
"""`PEN1` in the file's header, so that a foreign database is known as such."""


@cache
def steps() -> tuple[tuple[str, str], ...]:
    """Return every step in order: its name, such as 0001_first, and its SQL."""
    files = sorted(Path(__file__).parent.glob("*.sql"))
    return tuple((file.stem, file.read_text("utf-8")) for file in files)


@cache
def postgresql_steps() -> tuple[tuple[int, str, str], ...]:
    """Return every step of PostgreSQL in order: its number, its name and its SQL.

    The first stands for all of SQLite's up to its number; each later one for that of its number.
    """
    files = sorted((Path(__file__).parent / "postgresql").glob("*.sql"))
    return tuple((int(file.stem[:4]), file.stem, file.read_text("utf-8")) for file in files)


def postgresql_schema() -> int:
    """Return the number of the schema of PostgreSQL that this program makes and knows."""
    return postgresql_steps()[-1][0]


def version(store: Store) -> int:
    """Return how many steps the database has had."""
    row = store.row("PRAGMA user_version")
    return integer(row[0]) if row else 0


def waiting(store: Store) -> tuple[tuple[str, str], ...]:
    """Return the steps that the database has not had."""
    return steps()[version(store) :]


def apply(store: Store) -> int:
    """Bring the database to the newest step, all in one transaction; returns its number.

    After a step that fails it is as it was before the first of them.
    """
    done = version(store)
    to_do = waiting(store)
    if to_do:
        store.run("BEGIN IMMEDIATE")
        try:
            for _, sql in to_do:
                store.run(sql)
            # Both stand in the file's header, so they are rolled back with the steps.
            store.run(f"PRAGMA application_id = {APPLICATION_ID}")
            store.run(f"PRAGMA user_version = {done + len(to_do)}")
            store.run("COMMIT")
        finally:
            if store.in_transaction:
                store.run("ROLLBACK")
    return done + len(to_do)
