"""The tables of a store: which there are, and how their rows come out and are told apart.

Both kinds of store have the same tables and columns under other types; one of the two sides is
always SQLite, whose catalogue says which they are. Each table comes after those that it refers to,
since PostgreSQL looks at references with every statement.

A table's rows come by its primary key. Both kinds sort text and bytes alike, by their bytes, so the
digest of what was read there must be that of what is read back here.
"""

import hashlib
from collections.abc import Iterable, Iterator
from graphlib import TopologicalSorter
from typing import NamedTuple

import msgspec

from penholder_daemon.core.store import Row, Store, integer_in
from penholder_daemon.shell.store.database import ApswStore

_MADE_BY_ITSELF = ("clock", "journal_placed", "idempotency_noted", "history")
"""What a store has without anybody having written anything."""


class Table(NamedTuple):
    """A table, with what is stored of it."""

    name: str
    columns: tuple[str, ...]
    """Without those that follow from others."""
    key: tuple[str, ...]
    refers_to: frozenset[str]

    def rows(self, store: Store) -> Iterator[Row]:
        """Read all of it, by its key."""
        key = ", ".join(self.key)
        return store.rows(f"SELECT {', '.join(self.columns)} FROM {self.name} ORDER BY {key}")

    def count(self, store: Store) -> int:
        """Count its rows."""
        return integer_in(store, f"SELECT COUNT(*) FROM {self.name}") or 0


class Content(msgspec.Struct, frozen=True):
    """What a table holds, in short."""

    rows: int
    sha256: str


class Digest:
    """Rows that pass by, in short."""

    def __init__(self) -> None:
        """Begin with none."""
        self._rows = 0
        self._hash = hashlib.sha256()
        self._encode = msgspec.msgpack.Encoder().encode

    def passing(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Yield rows and take note of each."""
        for row in rows:
            self._rows += 1
            self._hash.update(self._encode(row))
            yield row

    @property
    def content(self) -> Content:
        """What has passed by so far."""
        return Content(self._rows, self._hash.hexdigest())


def content_of(table: Table, store: Store) -> Content:
    """Read a table, and say in short what it holds."""
    digest = Digest()
    for _ in digest.passing(table.rows(store)):
        pass
    return digest.content


def all_of(store: ApswStore) -> list[Table]:
    """List the tables, each after those that it refers to."""
    # An underscore stands for any character in LIKE, unless it is escaped.
    found = store.rows(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite@_%'"
        " ESCAPE '@' ORDER BY rowid"
    )
    known = {str(name): _table(store, str(name)) for (name,) in list(found)}
    order = TopologicalSorter({each.name: each.refers_to - {each.name} for each in known.values()})
    return [known[name] for name in order.static_order()]


def _table(store: ApswStore, name: str) -> Table:
    columns = list(store.rows(f"SELECT name, pk FROM pragma_table_info('{name}')"))
    references = store.rows(f"SELECT \"table\" FROM pragma_foreign_key_list('{name}')")
    key = sorted((int(str(pk)), str(column)) for column, pk in columns if pk)
    return Table(
        name,
        tuple(str(column) for column, _ in columns),
        tuple(column for _, column in key),
        frozenset(str(row[0]) for row in references),
    )


def first_filled(tables: Iterable[Table], store: Store) -> str | None:
    """Name a table that holds what somebody wrote, if there is one."""
    for table in tables:
        if table.name not in _MADE_BY_ITSELF and store.row(f"SELECT 1 FROM {table.name} LIMIT 1"):
            return table.name
    return None
