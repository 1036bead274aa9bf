"""The port to the database: SQL in, rows out, and how rows become records.

SQL itself stands in the room (or core mechanism) that owns the table. What a store can raise is
`StoreFault`; anything else is a mistake of ours.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import (
    Generic,
    NamedTuple,
    Protocol,
    TypeAlias,
    TypeVar,
    get_args,
    get_origin,
    get_type_hints,
)

import msgspec

from penholder_daemon.core.world import World
from penholder_protocol.nouns.words import NULL
from penholder_protocol.positional import positional

SqlValue: TypeAlias = str | int | float | bytes | None
Row: TypeAlias = tuple[SqlValue, ...]
Write: TypeAlias = tuple[str, Sequence[Row]]
"""A statement, and the rows of values that it is to be run with."""
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
RecordT = TypeVar("RecordT", bound=msgspec.Struct)


class StoreFault(Exception):
    """The database refused or failed.

    `outcome_unknown` says that after an I/O error nobody can tell what is on disk.
    """

    def __init__(self, message: str, *, outcome_unknown: bool = False) -> None:
        """Take the database's own words."""
        super().__init__(message)
        self.outcome_unknown = outcome_unknown


class RowsRefused(Exception):
    """Rows that were to be written with a commit cannot be; nothing of its transaction is."""


class StoreBusy(StoreFault):
    """Another program has the lock."""


@dataclass(frozen=True, eq=False)
class Known(Generic[T_co]):
    """A read that is foreseen: the same row is asked for again and again, and seldom changes.

    It finds a row by what is unique of it, so there is one at most, and a new row never changes
    what was found before. A store may answer from what it has read as long as that is exact.
    """

    sql: str
    read: Callable[[Row], T_co]


class Since(NamedTuple):
    """What others have done since this connection has committed, as far as it was held here."""

    changed: int
    """Another number wherever a row was changed that a foreseen read may have found."""
    pos: int
    """The newest position of the journal."""
    heads: Sequence[tuple[str, int]] | None
    """Streams that were added to, with their last number; None where that is not known."""
    found: Sequence[tuple[Known[object], Row | None]]
    """Foreseen reads that were done, each with its row."""


class Touched(NamedTuple):
    """What a statement reads and writes, as (table, column)."""

    reads: frozenset[tuple[str, str]]
    updates: frozenset[tuple[str, str]]
    inserts: frozenset[str]
    """Tables."""
    deletes: frozenset[str]
    """Tables, also those from which rows go with those of another."""


class Store(Protocol):
    """One connection to the database."""

    def known(self, known: Known[T], *values: SqlValue) -> T | None:
        """Return what a foreseen read finds, as it is now."""

    def touched(self, sql: str, values: Sequence[SqlValue]) -> Touched:
        """Tell what a statement would read and write; it is not run."""

    def differences(self) -> Iterator[str]:
        """Say where what is held in memory is not what is stored: nowhere, if all is well."""

    def run_many(self, sql: str, rows: Iterable[Row]) -> None:
        """Run a statement once for each of these rows of values."""

    def begin_writing(self, known_pos: int | None) -> Since | None:
        """Begin a transaction that writes, where the journal is known up to a position.

        Returns what others have done meanwhile; None where nobody says that.
        """

    def commit_with(self, writes: Sequence[Write], pos: int | None) -> None:
        """Run these, of which nobody has to know more, and commit the transaction.

        With them the journal goes up to a position, where that is known.
        Raises RowsRefused where they are to blame; else as at any other commit.
        """

    def rows(self, sql: str, *values: SqlValue) -> Iterator[Row]:
        """Run a statement and yield its rows one by one."""

    def row(self, sql: str, *values: SqlValue) -> Row | None:
        """Run a statement to its end and return its first row, if any."""

    def run(self, sql: str, *values: SqlValue) -> int:
        """Run a statement to its end and return how many rows it changed."""

    def probe(self) -> None:
        """Write something that changes nothing, to see whether writing works again."""

    def holds_bytes(self, blob_id: str) -> bool:
        """Tell whether nothing speaks against a row of a blob: its bytes are there, and stay.

        Where only this daemon removes any it knows that by itself.
        """

    def last_numbers(self) -> dict[str, int]:
        """Return the highest number that each table ever gave to rows by itself."""

    def set_number(self, table: str, number: int) -> None:
        """Have a table's numbers go on above this one; nothing for a table that is not here."""

    def damage(self, *, deep: bool) -> Iterator[tuple[str, str]]:
        """Yield what the database itself finds damaged: which check found it, and what."""

    @property
    def goes_in_order(self) -> bool:
        """Whether joins go in the order they are written in, and recursions in that they name."""

    @property
    def is_shared(self) -> bool:
        """Whether a server keeps it, for daemons of other machines, too.

        What is stored there does not depend on what has become of a connection, nor of a process.
        """

    @property
    def server_ms(self) -> int | None:
        """What the server's clock showed as this transaction began, where all hosts go by it.

        None where one host goes by its own clocks.
        """

    def serving(self) -> frozenset[str]:
        """Return the ids of the hosts whose daemons are connected to the server, where one is."""

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open; some errors end it behind our back."""

    @property
    def changed_rows(self) -> int:
        """How many rows were ever changed over this connection, also by what was taken back."""

    @property
    def data_version(self) -> int:
        """A number that is another after each commit, also one of another connection."""

    @property
    def steps(self) -> int:
        """How many steps SQLite's machine ever took, counted in large pieces; of a reader 0."""


class Shape(Generic[RecordT]):
    """How rows become records of one type: columns in the order of the record's fields.

    Fields that are no scalars are stored as JSON text. A column that is not named like its field
    is given as `field="expression"`. `times` names fields that are stored as instants of a scale,
    with how they are told by the wall clock.
    """

    def __init__(
        self,
        record_type: type[RecordT],
        times: Mapping[str, Callable[[World, int], str]] | None = None,
        **expressions: str,
    ) -> None:
        """Look at the record's fields once."""
        hints = get_type_hints(record_type)
        # A field that is unset by default is filled in by who knows it, not by the row.
        self._names = tuple(
            field.name
            for field in msgspec.structs.fields(record_type)
            if field.default is not msgspec.UNSET or field.name in expressions
        )
        self.columns = ", ".join(expressions.get(name, name) for name in self._names)
        loaders: dict[str, _Load] = {
            name: loader for name in self._names if (loader := _loader(hints[name])) is not None
        }
        loaders |= {name: _time_loader(tell) for name, tell in (times or {}).items()}
        self._loaders = [(self._names.index(name), load) for name, load in loaders.items()]
        self._make = positional(record_type, self._names)

    def read(self, row: Row, world: World | None = None) -> RecordT:
        """Make a record from a row that holds `columns`; where it has times, they take a world."""
        values: list[object] = list(row)
        for at, load in self._loaders:
            values[at] = load(values[at], world)
        return self._make(*values)


_Load: TypeAlias = Callable[[object, World | None], object]
"""Makes what a column holds into what its field holds."""


def _time_loader(tell: Callable[[World, int], str]) -> _Load:
    def load(instant: object, world: World | None) -> object:
        if not isinstance(instant, int):
            return instant
        assert world is not None
        return tell(world, instant)

    return load


def _loader(hint: object) -> _Load | None:
    if hint is bool:
        return lambda value, _: bool(value)
    if hint is msgspec.Raw:
        return lambda value, _: NULL if value is None else msgspec.Raw(str(value))
    is_struct = isinstance(hint, type) and issubclass(hint, msgspec.Struct)
    if is_struct or get_origin(hint) in (list, dict):
        return _json_loader(hint)
    if get_origin(hint) is tuple:
        return _tuple_loader(hint)
    if any(get_origin(part) in (list, dict) for part in get_args(hint)):
        return _json_loader(hint)
    return None


def _json_loader(hint: object) -> _Load:
    decode = msgspec.json.Decoder(hint).decode
    return lambda value, _: None if value is None else decode(str(value))


def _tuple_loader(hint: object) -> _Load:
    """What is empty, as it mostly is, is stored as null."""
    decode = msgspec.json.Decoder(hint).decode
    return lambda value, _: () if value is None else decode(str(value))


def integer(value: SqlValue) -> int:
    """Return a value of which the schema says that it is an integer."""
    assert isinstance(value, int)  # STRICT tables keep integers integers
    return value


def integer_in(store: Store, sql: str, *values: SqlValue) -> int | None:
    """Return the integer that a statement answers; None where it has no row, or null."""
    row = store.row(sql, *values)
    return None if row is None or row[0] is None else integer(row[0])


def filters(prefix: str, /, **wanted: SqlValue) -> tuple[str, list[SqlValue]]:
    """Name only the columns that are asked for, so that their index is used; to follow a WHERE."""
    given = {name: value for name, value in wanted.items() if value is not None}
    return "".join(f" AND {prefix}{name} = ?" for name in given), list(given.values())


def one_of(values: Collection[SqlValue]) -> str:
    """Say in SQL that something is one of these values, of which there may be none."""
    # An empty list is SQLite's alone; nothing is ever the same as null.
    return f"IN ({', '.join('?' * len(values)) or 'NULL'})"


def to_json(value: object) -> str:
    """Encode what a JSON column holds."""
    return msgspec.json.encode(value).decode()
