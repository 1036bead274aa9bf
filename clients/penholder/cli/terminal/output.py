"""What a command prints on stdout: JSON for programs, tables for people, or what was asked for."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec

from penholder._shared.reading import read
from penholder.cli.terminal.failures import Usage
from penholder.cli.terminal.text import Record, printable, printable_json

if TYPE_CHECKING:
    from penholder.cli.contract import Contract, Method
    from penholder.cli.terminal.clock import Now

_NODE = "BriefNode"
"""A record that has others of its kind below it."""
TABLE, JSON, JSON_LINES, CSV = FORMATS = ("table", "json", "jsonl", "csv")


class Wanted(Protocol):
    """The options that say how to print."""

    json: bool | None
    format: str | None
    headers: bool


def wants_json(asked: bool | None) -> bool:
    """Tell whether to print JSON: when asked, and when nobody reads along on a terminal."""
    return not sys.stdout.isatty() if asked is None else asked


def format_of(wanted: Wanted, default: str | None = None) -> str:
    """Return how to print; without a default, JSON in a pipe and a table on a terminal."""
    if wanted.format is not None:
        if wanted.json is not None and wanted.json != (wanted.format == JSON):
            raise Usage("pass --json or --format, not both")
        return wanted.format
    if wanted.json is not None:
        return JSON if wanted.json else TABLE
    return default or (JSON if wants_json(None) else TABLE)


def print_json(value: bytes) -> None:
    """Print one line of JSON, which is UTF-8 also where the terminal's text is not."""
    sys.stdout.flush()
    # Past the text layer, whose encoding may be another one.
    sys.stdout.buffer.write(on_stdout(value) + b"\n")
    sys.stdout.flush()


def on_stdout(value: bytes) -> bytes:
    """Return JSON as it is for a program, without control characters for a terminal."""
    return printable_json(value) if sys.stdout.isatty() else value


def show(
    contract: "Contract", method: "Method", answer: msgspec.Raw, wanted: Wanted, now: "Now"
) -> None:
    """Print the answer of a method; `now` is called only where an age is told."""
    format_ = format_of(wanted)
    if format_ == JSON:
        print_json(bytes(answer))
        return
    if format_ in (JSON_LINES, CSV):
        print_records(_items(answer), format_)
        return
    value: object = read(answer, object)
    schema = contract.resolve(method.result.schema.choices[0])
    if value is None:
        print("nothing")
    elif isinstance(value, dict) and schema.properties:
        _show_record(contract, method, value, now, headings=wanted.headers)
    else:
        print_json(_indented(bytes(answer)))


class _Page(msgspec.Struct):
    items: list[msgspec.Raw]


def _items(answer: msgspec.Raw) -> list[msgspec.Raw]:
    """Return the records of a list; any other answer is the one record."""
    try:
        return msgspec.json.decode(answer, type=_Page).items
    except msgspec.ValidationError:
        return [answer]


def print_records(items: Sequence[msgspec.Raw], format_: str) -> None:
    """Print records for programs, one a line, as JSON or CSV."""
    if format_ == CSV:
        _print_csv(items)
        return
    for item in items:
        print_json(bytes(item))


def _print_csv(items: Sequence[msgspec.Raw]) -> None:
    import csv  # noqa: PLC0415 - for this alone

    rows = [_fields(item) for item in items]
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_cell(row.get(name)) for name in names] for row in rows)


def _fields(item: msgspec.Raw) -> dict[str, msgspec.Raw]:
    try:
        return msgspec.json.decode(item, type=dict[str, msgspec.Raw])
    except msgspec.ValidationError:
        return {"value": item}


def _cell(value: msgspec.Raw | None) -> str:
    """Write text as it is for a program, escaped for a terminal; nothing for null."""
    text = b"null" if value is None else bytes(value)
    if text == b"null":
        return ""
    if not text.startswith(b'"'):
        return on_stdout(text).decode()  # JSON, where every digit stays
    plain_text: str = msgspec.json.decode(text, type=str)
    return printable(plain_text) if sys.stdout.isatty() else plain_text


def _show_record(
    contract: "Contract", method: "Method", record: Record, now: "Now", *, headings: bool
) -> None:
    # Pipes never need it.
    from penholder.cli.terminal import tables  # noqa: PLC0415

    items = record.get("items")
    if not isinstance(items, list):
        tables.print_record(record, now)
        return
    schema = contract.resolve(method.result.schema.choices[0])
    listed = schema.properties["items"].items
    kind = contract.record(listed) if listed else ""
    rows = _levelled(items) if kind == _NODE else [dict(item) for item in items]
    tables.print_list(rows, kind, now, headings=headings)
    if record.get("next") and method.param("cursor"):
        print(f"more follows: --all, or --cursor {record['next']}")


def _levelled(items: list[Record]) -> list[Record]:
    """Write a tree as rows, each with its level, those below a node right after it."""
    rows: list[Record] = []
    left = [(0, item) for item in reversed(items)]
    while left:
        level, item = left.pop()
        rows.append({"level": level, **item})
        below = item.get("children")
        left += [(level + 1, each) for each in reversed(below if isinstance(below, list) else [])]
    return rows


def _indented(text: bytes) -> bytes:
    try:
        return msgspec.json.format(text, indent=2)
    except RecursionError:
        return text  # deeper than indenting goes, and than anybody reads
