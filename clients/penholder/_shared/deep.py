"""Answers that are nested deeper than decoders go: trees of briefs, which may have 1,000 levels.

Decoders recurse, and stop at some hundreds of levels. Here nothing does.

Records are cut out of the text from the inside out. One pass over strings and brackets finds where
a record begins and ends, and where the list of those below it lies. That list is left out of its
text, so each record's own text is shallow and is decoded by itself, with its type. Its JSON values
stay to the byte, as they are no lists of records, however deep. A record that is finished is handed
to the one that it lies in.

What has no type becomes plain dicts and lists (`plain`), by a stack in place of the recursion.
"""

import json
import re
from decimal import Decimal
from typing import TypeVar, get_args, get_origin

import msgspec
from msgspec import Struct

T = TypeVar("T")
_Kind = tuple[type[Struct], str]
"""A struct, and its field that holds a list of structs."""
_BRACKETS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]]')
_TOKENS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]]|[^\s{}\[\],:"]+')
_MAX_INT_DIGITS = 4000
"""What Python makes an int of without being told to; more is a Decimal, to the digit."""


class _Record:
    """A record whose text is being cut out, without what is in its list of others."""

    def __init__(self, kind: _Kind, start: int) -> None:
        self.kind = kind
        self.below: list[Struct] = []
        self.is_in_list = False
        self.depth = 0
        self.kept_to = start
        self._pieces: list[bytes] = []

    def keep(self, text: bytes, end: int) -> None:
        """Take text up to here."""
        self._pieces.append(text[self.kept_to : end])

    def finished(self) -> Struct:
        """Make the record, whose list is empty in its text."""
        struct, field = self.kind
        made = msgspec.json.decode(b"".join(self._pieces), type=struct)
        below: list[Struct] = getattr(made, field)
        below.extend(self.below)
        return made


def tree(text: bytes, result_type: type[T]) -> T:
    """Decode a record with a list of records that have lists of their own kind; else TypeError."""
    made = _tree(text, *_kinds(result_type))
    if not isinstance(made, result_type):
        raise TypeError(f"{result_type} is no tree")
    return made


def _kinds(result_type: type[object]) -> tuple[_Kind, _Kind]:
    """Return the root's kind and the nodes'."""
    root, node = _list_of(result_type)
    inner, below = _list_of(node)
    if below is not node:
        raise TypeError(f"{result_type} is no tree")
    return root, inner


def _list_of(struct: type[object]) -> tuple[_Kind, type[Struct]]:
    if issubclass(struct, Struct):
        for field in msgspec.structs.fields(struct):
            of = get_args(field.type)[0] if get_origin(field.type) is list else None
            if isinstance(of, type) and issubclass(of, Struct):
                return (struct, field.name), of
    raise TypeError(f"{struct} is no tree")


def _tree(text: bytes, root: _Kind, node: _Kind) -> Struct:
    open_records: list[_Record] = []
    word, word_end = b"", 0
    for found in _BRACKETS.finditer(text):
        part, at = found[0], found.start()
        record = open_records[-1] if open_records else None
        if part[:1] == b'"':
            # Perhaps the name of a member: the bracket that follows says so.
            word, word_end = part, found.end()
        elif record is None or (record.is_in_list and part == b"{"):
            open_records.append(_Record(node if open_records else root, at))
            open_records[-1].depth = 1
        # What lay in the list is left out of the record's own text.
        elif record.is_in_list:  # and this is its end
            record.is_in_list, record.kept_to = False, at
        # On its own level only: the same name may stand in a JSON value of the record.
        elif part == b"[" and record.depth == 1 and _names(word, record, text[word_end:at]):
            record.keep(text, at + 1)
            record.is_in_list = True
        elif part in b"{[":
            record.depth += 1
        else:
            record.depth -= 1
            if record.depth == 0:
                record.keep(text, at + 1)
                made = open_records.pop().finished()
                if not open_records:
                    return made
                open_records[-1].below.append(made)
    raise msgspec.DecodeError("the answer ends amid a record")


def _names(word: bytes, record: _Record, between: bytes) -> bool:
    return between.strip() == b":" and word == b'"%b"' % record.kind[1].encode()


def plain(text: bytes) -> object:
    """Decode what is valid JSON into dicts, lists and plain values."""
    top: list[object] = []
    containers: list[dict[str, object] | list[object]] = [top]
    keys: list[str | None] = [None]
    for word in _TOKENS.findall(text.decode()):
        into = containers[-1]
        if word in ("}", "]"):
            containers.pop()
            keys.pop()
        # In a map every other word is a name.
        elif isinstance(into, dict) and keys[-1] is None:
            keys[-1] = json.loads(word)
        else:
            opened = _opened(word)
            value = scalar(word) if opened is None else opened
            if isinstance(into, dict):
                into[keys[-1] or ""] = value
                keys[-1] = None
            else:
                into.append(value)
            if opened is not None:
                containers.append(opened)
                keys.append(None)
    return top[0]


def _opened(word: str) -> dict[str, object] | list[object] | None:
    if word == "{":
        return {}
    return [] if word == "[" else None


def scalar(text: str) -> object:
    """Decode JSON; a number that is too large for a float or an int is a Decimal."""
    value: object = json.loads(text, parse_float=_real, parse_int=_whole)
    return value


def _real(text: str) -> float | Decimal:
    number = float(text)
    return Decimal(text) if number in (float("inf"), float("-inf")) else number


def _whole(text: str) -> int | Decimal:
    return int(text) if len(text) <= _MAX_INT_DIGITS else Decimal(text)
