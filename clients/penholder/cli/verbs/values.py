"""Words of the command line into values of the contract, checked before anything is sent."""

import re
import sys
from pathlib import Path

import msgspec

from penholder.cli.contract import Contract, Schema
from penholder.cli.terminal.failures import Usage
from penholder_protocol import patterns
from penholder_protocol.limits import MAX_FRAME_BYTES

_INTEGER = re.compile(r"[+-]?[0-9]+")


def convert(contract: Contract, schema: Schema, text: str) -> object:
    """Turn one word into the value that a schema wants; raises Usage where it is none."""
    wanted = [contract.resolve(part) for part in schema.choices]
    complaints = []
    for part in wanted:
        try:
            return _convert(part, text)
        except Usage as error:
            complaints.append(str(error))
    raise Usage(", or ".join(complaints))


def convert_list(schema: Schema, given: list[str]) -> object:
    """Turn the repeated words of a list into it; one word may also be the list as JSON text."""
    part = schema.choices[0]
    if len(given) == 1 and (given[0][:1] in ("[", "@") or given[0] == "-"):
        return _json(part, given[0])
    if part.items is None:
        raise Usage("takes JSON text")
    words = [_convert(part.items, word) for word in given]
    _check_count(part, len(words))
    return words


def whole_number(flag: str, text: str, maximum: int, minimum: int = 0) -> int:
    """Read the value of a flag that is no param."""
    try:
        return _integer(Schema(type="integer", minimum=minimum, maximum=maximum), text)
    except Usage as error:
        raise Usage(f"{flag}: {error}") from None


def _convert(schema: Schema, text: str) -> object:
    if schema.enum:
        return _choice(schema, text)
    if schema.type == "integer":
        return _integer(schema, text)
    if schema.type == "boolean":
        if text not in ("true", "false"):
            raise Usage(f"{text!r} is neither true nor false")
        return text == "true"
    if schema.type == "number":
        return _number(text)
    return _string(schema, text) if schema.type == "string" else _json(schema, text)


def _choice(schema: Schema, text: str) -> str | int:
    for choice in schema.enum:
        if str(choice) == text:
            return choice
    raise Usage(f"{text!r} is none of {', '.join(map(str, schema.enum))}")


def _integer(schema: Schema, text: str) -> int:
    if not _INTEGER.fullmatch(text) or len(text) > 40:
        raise Usage(f"{text!r} is no integer")
    number = int(text)
    if schema.minimum is not None and number < schema.minimum:
        raise Usage(f"{number} is less than {schema.minimum}")
    if schema.maximum is not None and number > schema.maximum:
        raise Usage(f"{number} is more than {schema.maximum}")
    return number


def _number(text: str) -> float:
    try:
        return msgspec.json.decode(text, type=float)
    except msgspec.DecodeError:
        raise Usage(f"{text!r} is no number") from None


def _string(schema: Schema, text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Usage(f"{text!r} is not UTF-8") from None
    if schema.min_length is not None and len(text) < schema.min_length:
        raise Usage("is empty" if not text else f"has less than {schema.min_length} characters")
    if schema.max_length is not None and len(text) > schema.max_length:
        raise Usage(f"has {len(text)} characters, at most {schema.max_length} are allowed")
    if schema.pattern is not None and not re.search(schema.pattern, text):
        raise Usage(f"{text!r} must be {patterns.in_words(schema.pattern)}")
    return text


def _json(schema: Schema, text: str) -> msgspec.Raw:
    """Keep JSON text as it is, but on one line: numbers lose nothing on the way."""
    source = _read(text)
    if not source.strip():
        raise Usage("is empty, which is no JSON")
    try:
        value: object = msgspec.json.decode(source)
        compact = msgspec.json.format(source, indent=-1)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Usage(f"is not valid JSON: {error}; quote it for your shell") from None
    kind = {"object": dict, "array": list}.get(schema.type or "")
    if kind is not None and not isinstance(value, kind):
        raise Usage(f"must be a JSON {schema.type}")
    if isinstance(value, list):
        _check_count(schema, len(value))
    return msgspec.Raw(compact)


def _check_count(schema: Schema, count: int) -> None:
    if schema.min_items is not None and count < schema.min_items:
        raise Usage(f"takes at least {schema.min_items}")
    if schema.max_items is not None and count > schema.max_items:
        raise Usage(f"takes at most {schema.max_items}, these are {count}")


def _read(text: str) -> bytes:
    """Return the text itself, the file that `@file` names, or stdin for `-`."""
    if text != "-" and not text.startswith("@"):
        return text.encode("utf-8", "surrogateescape")
    try:
        if text == "-":
            found = sys.stdin.buffer.read(MAX_FRAME_BYTES + 1)
        else:
            with Path(text[1:]).open("rb") as file:
                found = file.read(MAX_FRAME_BYTES + 1)
    except OSError as error:
        raise Usage(f"cannot read {text}: {error.strerror}") from None
    if len(found) > MAX_FRAME_BYTES:
        raise Usage(f"{text} has more than MAX_FRAME_BYTES ({MAX_FRAME_BYTES}) bytes")
    return found
