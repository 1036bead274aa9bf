"""A database of another program, opened to be read and never changed.

It is looked over before anything is moved: that it is SQLite, whole, and has the tables and
columns of its program. Each row is then checked against the limits that callers have to keep, so
that nothing gets in that the daemon itself would have refused.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import apsw
import msgspec

from penholder_daemon.moving.refusals import Refused
from penholder_daemon.shell import foreign
from penholder_daemon.shell.foreign import Unreadable
from penholder_protocol.errors import PenholderError

RowT = TypeVar("RowT", bound=msgspec.Struct)
_FAULTS = (apsw.Error, UnicodeDecodeError)


class Program(msgspec.Struct, frozen=True):
    """Whose database it is: its tables, each with the struct that its rows must fit.

    A field with a default is a column that older versions of the program did not have.
    """

    name: str
    tables: Mapping[str, type[msgspec.Struct]]


class Source:
    """One opened database of a program."""

    def __init__(self, path: Path, connection: apsw.Connection, program: Program) -> None:
        """Look it over; raises Refused."""
        self.path = path
        self._connection = connection
        self._program = program
        self._columns = {table: self._check_columns(table) for table in program.tables}
        self._check_content()
        self.advance: Callable[[int], None] = lambda _rows: None

    def count(self) -> int:
        """Return how many rows there are to move."""
        counts = (self._first(f"SELECT COUNT(*) FROM {table}") for table in self._columns)
        return sum(int(str(each)) for each in counts)

    def rows(self, table: str, row_type: type[RowT], order: str) -> Iterator[RowT]:
        """Yield the rows of a table in an order; raises Refused for one that does not fit."""
        names = self._columns[table]
        # The id of a row is its first column, in every one of these programs.
        sql = f"SELECT {', '.join(names)} FROM {table} ORDER BY {order}"
        try:
            for values in self._connection.execute(sql):
                with self.naming(table, values[0]):
                    row = msgspec.convert(dict(zip(names, values, strict=True)), row_type)
                yield row
                self.advance(1)
        except _FAULTS as error:
            raise self._damaged(str(error)) from error

    @contextmanager
    def naming(self, table: str, row_id: object) -> Iterator[None]:
        """Say which row it is whose content is refused."""
        try:
            yield
        except (ValueError, PenholderError) as error:
            if isinstance(error, UnicodeDecodeError):
                raise
            raise Refused(f"{self.path}: row {row_id!r} of table {table}: {error}") from error

    def refuse(self, table: str, row_id: object, why: str) -> Refused:
        """Say what is wrong with a row."""
        return Refused(f"{self.path}: row {row_id!r} of table {table}: {why}")

    def _check_columns(self, table: str) -> list[str]:
        fields = msgspec.structs.fields(self._program.tables[table])
        found = {str(row[1]) for row in self._query(f"PRAGMA table_info({table})")}
        missing = [each.name for each in fields if each.required and each.name not in found]
        if not found or missing:
            lacks = f"columns {', '.join(missing)} in table {table}" if found else f"table {table}"
            raise Refused(
                f"{self.path} is no database of {self._program.name}: it lacks {lacks};"
                f" expected were the tables {', '.join(self._program.tables)}"
            )
        return [each.name for each in fields if each.name in found]

    def _check_content(self) -> None:
        fault = self._first("PRAGMA quick_check(1)")
        if fault != "ok":
            raise self._damaged(str(fault))
        for table in self._columns:
            for row in self._query(f"PRAGMA foreign_key_check({table})"):
                raise self._damaged(f"row {row[1]} of {row[0]} names a row of {row[2]} it lacks")

    def _damaged(self, what: str) -> Refused:
        return Refused(
            f"{self.path} is damaged: {what}; expected was a sound database of {self._program.name}"
        )

    def _query(self, sql: str) -> list[tuple[object, ...]]:
        try:
            return list(self._connection.execute(sql))
        except _FAULTS as error:
            raise self._damaged(str(error)) from error

    def _first(self, sql: str) -> object:
        return self._query(sql)[0][0]


@contextmanager
def open_source(path: Path, program: Program) -> Iterator[Source]:
    """Open another program's database in one consistent view; raises Refused."""
    connection = _connect(path, program)
    try:
        connection.set_busy_timeout(5000)
        try:
            connection.execute("BEGIN")
            connection.execute("SELECT COUNT(*) FROM sqlite_schema").fetchall()
        except apsw.Error as error:
            raise Refused(f"{path} cannot be read: {error}") from error
        yield Source(path, connection, program)
    finally:
        connection.close()


def _connect(path: Path, program: Program) -> apsw.Connection:
    try:
        return foreign.connect(path)
    except Unreadable as error:
        raise Refused(f"{error}; expected was the database of {program.name}") from error
