"""A store over another: what all of them pass on as it is, so that each says only what it adds."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from penholder_daemon.core.store import Known, Row, Since, SqlValue, Store, Touched, Write

T = TypeVar("T")


class StoreOver:
    """Implements `Store` by another one."""

    def __init__(self, store: Store) -> None:
        """Pass everything on to a store."""
        self._store = store

    def known(self, known: Known[T], *values: SqlValue) -> T | None:
        """Return what a foreseen read finds, as it is now."""
        return self._store.known(known, *values)

    def touched(self, sql: str, values: Sequence[SqlValue]) -> Touched:
        """Tell what a statement would read and write; it is not run."""
        return self._store.touched(sql, values)

    def differences(self) -> Iterator[str]:
        """Say where what is held in memory is not what is stored."""
        return self._store.differences()

    def run_many(self, sql: str, rows: Iterable[Row]) -> None:
        """Run a statement once for each of these rows of values."""
        self._store.run_many(sql, rows)

    def begin_writing(self, known_pos: int | None) -> Since | None:
        """Begin a transaction that writes."""
        return self._store.begin_writing(known_pos)

    def commit_with(self, writes: Sequence[Write], pos: int | None) -> None:
        """Run these, and commit the transaction."""
        self._store.commit_with(writes, pos)

    def probe(self) -> None:
        """Write something that changes nothing."""
        self._store.probe()

    def last_numbers(self) -> dict[str, int]:
        """Return the highest number that each table ever gave to rows by itself."""
        return self._store.last_numbers()

    def set_number(self, table: str, number: int) -> None:
        """Have a table's numbers go on above this one."""
        self._store.set_number(table, number)

    def damage(self, *, deep: bool) -> Iterator[tuple[str, str]]:
        """Yield what the database itself finds damaged."""
        return self._store.damage(deep=deep)

    def holds_bytes(self, blob_id: str) -> bool:
        """Tell whether the bytes of a blob are there, and stay."""
        return self._store.holds_bytes(blob_id)

    @property
    def goes_in_order(self) -> bool:
        """Whether joins go in the order they are written in, and recursions in that they name."""
        return self._store.goes_in_order

    @property
    def is_shared(self) -> bool:
        """Whether a server keeps it, for daemons of other machines, too."""
        return self._store.is_shared

    @property
    def server_ms(self) -> int | None:
        """What the server's clock showed as this transaction began, where all hosts go by it."""
        return self._store.server_ms

    def serving(self) -> frozenset[str]:
        """Return the ids of the hosts whose daemons are connected to the server."""
        return self._store.serving()

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._store.in_transaction

    @property
    def changed_rows(self) -> int:
        """How many rows were ever changed."""
        return self._store.changed_rows

    @property
    def data_version(self) -> int:
        """A number that is another after each commit."""
        return self._store.data_version

    @property
    def steps(self) -> int:
        """How many steps SQLite's machine ever took."""
        return self._store.steps
