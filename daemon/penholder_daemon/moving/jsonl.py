"""Everything as JSON lines, and back: the database in a form that any program can read.

The first line is a header: how many rows each table has, and how far each numbering has got. Then
one line a row, `{"table": …, "row": {column: value}}`, table after table in the order of the
header, in each table by its primary key. Bytes are `{"base64": "…"}`. Behind all rows come the
bytes of blobs (see `blobs`). The same content always gives the same export.

It holds the tables as they are, not what rooms would answer: hashes, epochs, keys and all; but not
what is noted of where they are (`NOTES`), which follows from them, nor of which hosts they were:
all of it is of the host that reads it. An
export of answers could not be read back without giving out new numbers, and every cursor and fence
would be of another history. That is also why it is read only by a program of the same schema, and
only into a database that holds nothing: tables of two histories cannot be put together.

A line that is cut off, or a file, is noticed by the counts of the header. What each numbering ever
gave is more than its highest row, since rows are deleted, so it is told by itself.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, TypeVar

import apsw
import msgspec
from msgspec import Meta

from penholder_daemon import migrations
from penholder_daemon.core import kept_answers, places, positions
from penholder_daemon.core.counters import JOURNAL
from penholder_daemon.core.store import Store, integer
from penholder_daemon.moving import blobs
from penholder_daemon.moving.blobs import Incoming
from penholder_daemon.moving.target import Target
from penholder_daemon.refusals import Refused

StructT = TypeVar("StructT", bound=msgspec.Struct)
FORMAT = "penholder-jsonl-1"
NOTES = (*places.TABLES, *kept_answers.TABLES, "hosts")
"""What follows from other tables, or from which daemon has them."""
_OF_HOSTS = "subject >= 'host:' AND subject < 'host;'"
_WITHOUT_HOSTS = {"fences": f" WHERE NOT ({_OF_HOSTS})", "leases": f" WHERE NOT ({_OF_HOSTS})"}
_CLOCK = "clock"
"""What every start of a daemon fills, also where there is nothing else yet."""


Number = Annotated[int, Meta(ge=0, lt=1 << 53)]
"""How far a numbering has got: as far as every reader of JSON can tell two numbers apart."""


class Bytes(msgspec.Struct, frozen=True):
    """A value that is no text."""

    base64: bytes


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first line."""

    format: str
    schema_version: int
    tables: dict[str, int]
    sequences: dict[str, Number]


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every other line."""

    table: str
    row: dict[str, str | int | float | Bytes | None]


_HEADER = msgspec.json.Decoder(Header)
_LINE = msgspec.json.Decoder(Line)


def write(store: Store) -> Iterator[bytes]:
    """Yield every line of an export, inside the caller's transaction."""
    header = head(store)
    yield msgspec.json.encode(header) + b"\n"
    for table in header.tables:
        names, key = _columns(store, table)
        shown = ", ".join("NULL" if name == "host_id" else name for name in names)
        source = f"{table}{_WITHOUT_HOSTS.get(table, '')}"
        for values in store.rows(f"SELECT {shown} FROM {source} ORDER BY {key}"):
            row = {
                name: Bytes(value) if isinstance(value, bytes) else value
                for name, value in zip(names, values, strict=True)
            }
            yield msgspec.json.encode(Line(table, row)) + b"\n"


def head(store: Store) -> Header:
    """Return what the header of an export would say now."""
    tables = {table: _count(store, table) for table in _tables(store)}
    return Header(FORMAT, migrations.version(store), tables, _sequences(store))


def _sequences(store: Store) -> dict[str, int]:
    """Return how far each numbering has got, by table; the journal's is none of SQLite's."""
    rows = store.rows("SELECT name, seq FROM sqlite_sequence")
    found = {str(name): integer(last) for name, last in rows}
    if last := positions.last(store):
        found[JOURNAL] = last
    return dict(sorted(found.items()))


def read_head(lines: Iterator[bytes]) -> Header:
    """Read the first line; raises Refused."""
    header = _decoded(_HEADER, next(lines, b""), 1)
    if header.format != FORMAT:
        raise Refused(f"line 1: the format is {header.format!r}; expected was {FORMAT!r}")
    return header


def move(
    header: Header,
    lines: Iterable[bytes],
    target: Target,
    incoming: Incoming,
    advance: Callable[[int], None],
) -> None:
    """Read an export into a database that holds nothing; raises Refused."""
    store = target.store
    _refuse_unfit(store, header)
    # What is moved lies on the scales of its own database.
    store.run(f"DELETE FROM {_CLOCK}")
    columns = {table: _columns(store, table)[0] for table in header.tables}
    number = 1
    for number, text in enumerate(lines, 2):
        if text.startswith(blobs.BEGIN):
            incoming.take(text, number)
            continue
        line = _decoded(_LINE, text, number)
        _insert(target, columns, line, number)
        advance(1)
    for table, rows in header.tables.items():
        if target.added[table] != rows:
            raise Refused(
                f"after line {number}: table {table} has {target.added[table]} rows;"
                f" the header says {rows}"
            )
    incoming.finish(store)
    places.place(store)
    kept_answers.note(store)
    # The rows have left the highest number that is there; what counts is the highest ever given.
    store.run("DELETE FROM sqlite_sequence")
    for name, last in header.sequences.items():
        if name != JOURNAL:
            store.run("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", name, last)
        elif last > positions.last(store):
            positions.note(store, last)
    _refuse_low_sequences(store, header)


def _insert(target: Target, columns: dict[str, list[str]], line: Line, number: int) -> None:
    names = columns.get(line.table)
    if names is None or set(names) != set(line.row):
        expected = f"the columns {', '.join(names)}" if names else "a table that the header names"
        raise Refused(f"line {number}: a row of {line.table!r}; expected was {expected}")
    values = [each.base64 if isinstance(each, Bytes) else each for each in map(line.row.get, names)]
    marks = ", ".join("?" * len(names))
    # What is the line's fault: a row in the way of another, a value of another type than its
    # column, an integer that JSON can spell and SQLite cannot keep.
    try:
        target.store.run(f"INSERT INTO {line.table} ({', '.join(names)}) VALUES ({marks})", *values)
    except (apsw.ConstraintError, apsw.MismatchError, OverflowError) as error:
        raise Refused(f"line {number}: a row of {line.table!r} does not fit: {error}") from error
    target.added[line.table] += 1


def _refuse_low_sequences(store: Store, header: Header) -> None:
    """Refuse a numbering that would give a number again."""
    for table, last in header.sequences.items():
        if table not in header.tables:
            raise Refused(f"line 1: a sequence of {table!r}, which is no table")
        row = store.row(f"SELECT MAX(rowid) FROM {table}")
        if row is not None and row[0] is not None and integer(row[0]) > last:
            raise Refused(f"line 1: the sequence of {table} is {last}; it has a row {row[0]!s}")


def _refuse_unfit(store: Store, header: Header) -> None:
    known = migrations.version(store)
    if header.schema_version != known:
        raise Refused(
            f"line 1: the export has schema {header.schema_version}, this program {known}; read it"
            " with the version that wrote it, upgrade, and export again"
        )
    tables = _tables(store)
    if set(header.tables) != set(tables):
        raise Refused(f"line 1: expected were the tables {', '.join(tables)}")
    for table in tables:
        # A database on which a daemon was started once, and nothing else, counts as empty.
        if table == _CLOCK:
            continue
        if rows := _count(store, table):
            raise Refused(
                f"the database is not empty: table {table} has {rows} rows; choose an empty"
                " state directory"
            )


def _decoded(decoder: msgspec.json.Decoder[StructT], text: bytes, number: int) -> StructT:
    try:
        return decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        expected = "the header of an export" if number == 1 else "a row of one"
        raise Refused(f"line {number} is not {expected}: {error}") from error


def _tables(store: Store) -> list[str]:
    """List what is moved, in the order in which the schema made it."""
    # An underscore stands for any character in LIKE, unless it is escaped.
    rows = store.rows(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite@_%'"
        " ESCAPE '@' ORDER BY rowid"
    )
    return [str(row[0]) for row in rows if row[0] not in NOTES]


def _columns(store: Store, table: str) -> tuple[list[str], str]:
    """Return the columns that are stored and what orders the rows: the primary key."""
    rows = list(store.rows(f"SELECT name, pk FROM pragma_table_info('{table}')"))
    key = sorted((integer(pk), str(name)) for name, pk in rows if pk)
    return [str(name) for name, _ in rows], ", ".join(name for _, name in key)


def _count(store: Store, table: str) -> int:
    row = store.row(f"SELECT COUNT(*) FROM {table}{_WITHOUT_HOSTS.get(table, '')}")
    assert row is not None  # a count is one row
    return integer(row[0])
