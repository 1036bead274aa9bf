"""What a command prints on stdout: JSON for programs, tables for people.

Text from workers may hold anything; on a terminal it must not move the cursor or change colours.
"""

import sys
from typing import TYPE_CHECKING

import msgspec

from penholder._reading import read

if TYPE_CHECKING:
    from penholder.commands.spec import Contract, Method

Record = dict[str, object]
_encode = msgspec.json.Encoder(decimal_format="number").encode


def wants_json(asked: bool | None) -> bool:
    """Tell whether to print JSON: when asked, and when nobody reads along on a terminal."""
    return not sys.stdout.isatty() if asked is None else asked


def print_json(value: bytes) -> None:
    """Print one line of JSON, which is UTF-8 also where the terminal's text is not."""
    sys.stdout.flush()
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
        print(msgspec.json.format(bytes(answer), indent=2).decode())


def _show_record(contract: "Contract", method: "Method", record: Record) -> None:
    # Rich takes longer to import than most commands take, and pipes never need it.
    from penholder.commands import tables  # noqa: PLC0415

    items = record.get("items")
    if not isinstance(items, list):
        tables.print_record(record)
        return
    schema = contract.resolve(method.result.schema.choices[0])
    listed = schema.properties["items"].items
    tables.print_list([dict(item) for item in items], contract.record(listed) if listed else "")
    if record.get("next") and method.param("cursor"):
        print(f"more follows: --all, or --cursor {record['next']}")


def plain(value: object) -> str:
    """Write a value of a record as text of one line that is safe on a terminal."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return printable(_encode(value).decode())


def printable(text: str) -> str:
    """Write control characters as escapes."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode()
