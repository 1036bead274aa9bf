"""Which store the tests of the core and the rooms run on: SQLite, or PostgreSQL if asked for.

`make test-postgresql` asks for it. Few tests are about one of them alone; they say so themselves.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest

from penholder_daemon.core.store import Store
from penholder_daemon.shell.store.database import WriterStore
from penholder_daemon.shell.store.opening import open_writer

IS_POSTGRESQL = os.environ.get("PENHOLDER_TEST_STORE", "sqlite") == "postgresql"
MEMORY = Path(":memory:")
Open = Callable[[], Store]
"""Opens the same database once more."""


def sqlite_only(reason: str) -> pytest.MarkDecorator:
    """Leave out what is about SQLite itself where the tests run on another store."""
    return pytest.mark.skipif(IS_POSTGRESQL, reason=f"it asks for SQLite's own: {reason}")


def open_store(path: Path) -> WriterStore:
    """Open the store that the tests run on: an empty one, or again the one of a path."""
    if not IS_POSTGRESQL:
        return open_writer(path)
    from tests.helpers.postgresql import POOL

    # What only SQLite's has is asked for by tests alone that are left out here.
    return cast(WriterStore, POOL.take(None if path == MEMORY else str(path)))


@contextmanager
def let_go() -> Iterator[None]:
    """Give back what a test has opened."""
    if not IS_POSTGRESQL:
        yield
        return
    from tests.helpers.postgresql import POOL

    mark = POOL.mark()
    yield
    POOL.give_back(mark)


def close() -> None:
    """Close what is kept open to be used again, where anything was."""
    helper = sys.modules.get("tests.helpers.postgresql")
    if helper is not None:
        helper.POOL.close()
        helper.OTHER_POOL.close()


def tables(store: Store) -> list[str]:
    """Return the names of all tables that rows are kept in."""
    if IS_POSTGRESQL:
        sql = "SELECT tablename FROM pg_tables WHERE schemaname = 'penholder'"
    else:
        sql = "SELECT name FROM sqlite_schema WHERE type = 'table'"
    return [str(row[0]) for row in store.rows(sql)]
