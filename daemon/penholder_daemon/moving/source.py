"""A database of another program, opened to be read and never changed.

It belongs to somebody else, who may go on using it and may even be running. So it is opened for
reading only and read in one view, and nothing is made beside it. Where no lock keeps it as it is
meanwhile, its files are compared in the end (`check_unchanged`).

What is in it was written by other rules, or by hand. It is looked over before anything is moved:
that it is SQLite, whole, and has the tables and columns of its program. A mistake in what file was
meant is then told as that, not as the first of many rows that do not fit. Each row is checked
against the limits that callers have to keep, by the same types as params are, so that nothing gets
in that the daemon itself would have refused.

One bad row keeps all from moving, unless somebody has said where to write what is left out
(`Skipping`). Then rows that do not fit are passed over; and so are, one after another, those that
belong to them, since nothing may refer to what is not there.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import apsw
import msgspec

from penholder_daemon.moving.skipping import Skipping, shown
from penholder_daemon.moving.target import Columns
from penholder_daemon.refusals import Refused
from penholder_daemon.shell.disk import read_only
from penholder_daemon.shell.disk.read_only import Unreadable
from penholder_protocol.errors import PenholderError

RowT = TypeVar("RowT", bound=msgspec.Struct)
Needs = Callable[[RowT], Mapping[str, str | None]]
# Text that is no UTF-8 fails as it is turned into a string, after SQLite has given it.
_FAULTS = (apsw.Error, UnicodeDecodeError)


class Program(msgspec.Struct, frozen=True):
    """Whose database it is: its tables, each with the struct that its rows must fit.

    A field with a default is a column that older versions of the program did not have.
    """

    name: str
    tables: Mapping[str, type[msgspec.Struct]]


class Source:
    """One opened database of a program."""

    def __init__(
        self,
        path: Path,
        connection: apsw.Connection,
        program: Program,
        skipping: Skipping,
        seen: tuple[object, ...] | None,
    ) -> None:
        """Look it over; raises Refused. `seen` is its fingerprint where no lock keeps it so."""
        self.path = path
        self.skipping = skipping
        self._seen = seen
        self._connection = connection
        self._program = program
        self._columns = {table: self._check_columns(table) for table in program.tables}
        self._check_content()
        # In another encoding the bytes of a text are not UTF-8, and SQLite itself has to turn them.
        self._takes_bytes = skipping.is_on and self._first("PRAGMA encoding") == "UTF-8"
        self.advance: Callable[[int], None] = lambda _rows: None

    def count(self) -> int:
        """Return how many rows there are to move."""
        counts = (self._first(f"SELECT COUNT(*) FROM {table}") for table in self._columns)
        return sum(int(str(each)) for each in counts)

    def rows(
        self,
        table: str,
        row_type: type[RowT],
        order: str,
        make: Callable[[RowT], Columns],
        needs: Needs[RowT] | None = None,
    ) -> Iterator[tuple[RowT, Columns]]:
        """Yield the rows of a table in an order, and what is made of each.

        One that does not fit is skipped, or raises Refused. `needs` names rows of other tables
        that a row belongs to: one whose own was skipped is skipped too.
        """
        names = self._columns[table]
        # The id of a row is its first column, in every one of these programs.
        sql = f"SELECT {', '.join(map(self._column, names))} FROM {table} ORDER BY {order}"
        try:
            for values in self._connection.execute(sql):
                columns = self._columns_of(table, names, values)
                found = columns and self._read(table, columns, row_type, make)
                if found and not self._lacks(table, values[0], found[0], needs):
                    yield found
                self.advance(1)
        except _FAULTS as error:
            raise self._damaged(str(error)) from error

    def _column(self, name: str) -> str:
        """Say how a column is read: its text as bytes, with its type, where rows may be skipped.

        SQLite does not look at what it stores as text; read as text, what is no UTF-8 would end
        the reading of the whole table.
        """
        if not self._takes_bytes:
            return name
        text = f"CASE typeof({name}) WHEN 'text' THEN CAST({name} AS BLOB) ELSE {name} END"
        return f"{text}, typeof({name})"

    def _columns_of(
        self, table: str, names: list[str], values: tuple[object, ...]
    ) -> dict[str, object] | None:
        if not self._takes_bytes:
            return dict(zip(names, values, strict=True))
        found: dict[str, object] = {}
        for name, value, kind in zip(names, values[::2], values[1::2], strict=True):
            try:
                found[name] = _text(value) if kind == "text" else value
            except UnicodeDecodeError as error:
                self.refuse(table, shown(values[0]), f"column {name} is no UTF-8: {error}")
                return None
        return found

    def _read(
        self,
        table: str,
        columns: dict[str, object],
        row_type: type[RowT],
        make: Callable[[RowT], Columns],
    ) -> tuple[RowT, Columns] | None:
        row_id = next(iter(columns.values()))
        try:
            row = msgspec.convert(columns, row_type)
            return row, make(row)
        # A row that does not fit its type is a ValueError of msgspec's.
        except (ValueError, PenholderError) as error:
            self.refuse(table, row_id, str(error))
            return None

    def refuse(self, table: str, row_id: object, why: str) -> None:
        """Skip a row, saying what is wrong with it, or raise Refused."""
        if not self.skipping.skips(table, row_id, why):
            raise Refused(f"{self.path}: row {row_id!r} of table {table}: {why}")

    def _lacks(self, table: str, row_id: object, row: RowT, needs: Needs[RowT] | None) -> bool:
        if not self.skipping.is_on:
            return False
        for other, key in (needs(row) if needs else {}).items():
            if key is not None and not self.skipping.has_moved(other, key):
                self.refuse(table, shown(row_id), f"its row {key!r} of table {other} was not moved")
                return True
        self.skipping.move(table, shown(row_id))
        return False

    def check_unchanged(self) -> None:
        """Refuse what was read while somebody wrote it; raises Refused."""
        if self._seen is not None and read_only.fingerprint(self.path) != self._seen:
            raise Refused(f"{self.path} was written while it was read: stop its program first")

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
        # `quick_check` looks at no references.
        if self.skipping.is_on:
            return  # rows that name others which are not there are skipped
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


def _text(value: object) -> str:
    assert isinstance(value, bytes)  # as _column asks for it
    return value.decode()


@contextmanager
def open_source(path: Path, program: Program, skipping: Skipping) -> Iterator[Source]:
    """Open another program's database in one consistent view; raises Refused."""
    try:
        seen = read_only.fingerprint(path) if read_only.reads_unlocked(path) else None
        connection = read_only.connect(path)
    except Unreadable as error:
        raise Refused(f"{error}; expected was the database of {program.name}") from error
    try:
        connection.set_busy_timeout(5000)
        try:
            connection.execute("BEGIN")
            # BEGIN alone opens no view yet; the first read does, and meets what hinders it.
            connection.execute("SELECT COUNT(*) FROM sqlite_schema").fetchall()
        except apsw.Error as error:
            raise Refused(f"{path} cannot be read: {read_only.why(path, error)}") from error
        yield Source(path, connection, program, skipping, seen)
    finally:
        connection.close()
