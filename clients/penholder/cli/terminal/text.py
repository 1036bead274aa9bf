"""Values of records as text of one line.

Text from workers may hold anything; on a terminal it must not move the cursor or change colours.
"""

import msgspec

Record = dict[str, object]
_encode = msgspec.json.Encoder(decimal_format="number").encode


def plain(value: object) -> str:
    """Write a value of a record as text of one line that is safe on a terminal."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    try:
        return printable(_encode(value).decode())
    except UnicodeEncodeError:
        import json  # noqa: PLC0415 - two milliseconds, for what is hardly ever met

        return printable(json.dumps(value, default=str))  # a lone surrogate becomes its escape
    except RecursionError:
        return "nested too deep to be shown here: --json shows all"


def printable(text: str) -> str:
    """Write control characters as escapes."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode()


def printable_json(text: bytes) -> bytes:
    """Write control characters in JSON as JSON's own escapes, so that it means the same.

    JSON itself escapes those of ASCII only: a terminal takes U+009B for the begin of a sequence.
    """
    shown = text.decode()
    if shown.isprintable():
        return text
    return "".join(
        char if char.isprintable() or char == "\n" else _escaped_in_json(char) for char in shown
    ).encode()


def _escaped_in_json(char: str) -> str:
    if char in "\t\r":
        return " "  # no string holds them as they are, so it stands between two values
    units = char.encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
