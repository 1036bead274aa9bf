"""What a command prints on stdout: JSON for programs, tables for people."""

import sys
from typing import TYPE_CHECKING

import msgspec

from penholder._shared.reading import read
from penholder.cli.terminal.text import Record

if TYPE_CHECKING:
    from penholder.cli.contract import Contract, Method

_NODE = "BriefNode"
"""A record that has others of its kind below it."""


def wants_json(asked: bool | None) -> bool:
    """Tell whether to print JSON: when asked, and when nobody reads along on a terminal."""
    return not sys.stdout.isatty() if asked is None else asked


def print_json(value: bytes) -> None:
    """Print one line of JSON, which is UTF-8 also where the terminal's text is not."""
    sys.stdout.flush()
    # Past the text layer, whose encoding may be another one.
    sys.stdout.buffer.write(value + b"\n")
    sys.stdout.flush()


def show(contract: "Contract", method: "Method", answer: msgspec.Raw, *, as_json: bool) -> None:
    """Print the answer of a method."""
    if as_json:
        print_json(bytes(answer))
        return
    value: object = read(answer, object)
    schema = contract.resolve(method.result.schema.choices[0])
    if value is None:
        print("nothing")
    elif isinstance(value, dict) and schema.properties:
        _show_record(contract, method, value)
    else:
        print(_indented(bytes(answer)))


def _show_record(contract: "Contract", method: "Method", record: Record) -> None:
    # Rich takes longer to import than most commands take, and pipes never need it.
    from penholder.cli.terminal import tables  # noqa: PLC0415

    items = record.get("items")
    if not isinstance(items, list):
        tables.print_record(record)
        return
    schema = contract.resolve(method.result.schema.choices[0])
    listed = schema.properties["items"].items
    kind = contract.record(listed) if listed else ""
    tables.print_list(_levelled(items) if kind == _NODE else [dict(item) for item in items], kind)
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


def _indented(text: bytes) -> str:
    try:
        return msgspec.json.format(text, indent=2).decode()
    except RecursionError:
        return text.decode()  # deeper than indenting goes, and than anybody reads
