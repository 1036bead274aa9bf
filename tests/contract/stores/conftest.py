"""Both stores, PostgreSQL in two versions, and further connections for whoever needs one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from penholder_daemon.core.store import Store
from penholder_daemon.shell.store import opening
from tests.helpers import postgresql, postgresql_programs
from tests.helpers.stores import Open


def _of_sqlite(path: Path) -> Iterator[Open]:
    opened = []

    def open_one() -> Store:
        opened.append(opening.open_writer(path / "p.db"))
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()


def _of_postgresql(pool: postgresql.Pool) -> Iterator[Open]:
    from penholder_daemon.shell.store.postgres import opening as opening_of_postgres

    mark = pool.mark()
    opened = [pool.take()]
    yielded = iter(opened)

    def open_one() -> Store:
        first = next(yielded, None)
        if first is not None:
            return first
        url = pool.url_of_last()
        opened.append(opening_of_postgres.open_writer(url))
        return opened[-1]

    yield open_one
    for store in opened[1:]:
        store.close()
    pool.give_back(mark)


@pytest.fixture(params=["sqlite", "postgresql", "postgresql_of_another_version"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Give what opens one database of a store, any number of times."""
    if request.param == "sqlite":
        yield from _of_sqlite(tmp_path)
    elif request.param == "postgresql":
        postgresql_programs.require()
        yield from _of_postgresql(postgresql.POOL)
    else:
        postgresql_programs.require_other()
        yield from _of_postgresql(postgresql.OTHER_POOL)


@pytest.fixture
def store(open_store: Open) -> Store:
    """Give a store over an empty, migrated database."""
    return open_store()


@pytest.fixture(scope="module")
def server() -> Iterator[postgresql.Server]:
    """Give a server that may be ended."""
    made = postgresql.Server()
    yield made
    made.remove()


@pytest.fixture
def url(server: postgresql.Server, request: pytest.FixtureRequest) -> str:
    """Give an empty database of its own on that server."""
    return server.make(f"db_{abs(hash(request.node.name))}")
