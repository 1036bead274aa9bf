"""Both stores, and a second connection to the same database for whoever needs one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from penholder_daemon.core.store import Store
from penholder_daemon.shell.store import opening
from tests.helpers import postgresql
from tests.helpers.stores import Open


def _of_sqlite(path: Path) -> Iterator[Open]:
    opened = []

    def open_one() -> Store:
        opened.append(opening.open_writer(path / "p.db"))
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()


def _of_postgresql() -> Iterator[Open]:
    postgresql.require()
    from penholder_daemon.shell.store.postgres import opening as opening_of_postgres

    mark = postgresql.POOL.mark()
    opened = [postgresql.POOL.take()]
    yielded = iter(opened)

    def open_one() -> Store:
        first = next(yielded, None)
        if first is not None:
            return first
        url = postgresql.POOL.url_of_last()
        opened.append(opening_of_postgres.open_writer(url))
        return opened[-1]

    yield open_one
    for store in opened[1:]:
        store.close()
    postgresql.POOL.give_back(mark)


@pytest.fixture(params=["sqlite", "postgresql"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Give what opens one database of a store, any number of times."""
    yield from _of_sqlite(tmp_path) if request.param == "sqlite" else _of_postgresql()


@pytest.fixture
def store(open_store: Open) -> Store:
    """Give a store over an empty, migrated database."""
    return open_store()
