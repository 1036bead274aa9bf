"""The rooms' SQL as PostgreSQL takes it.

The rooms write one text for both databases. What is left to the store is little, and is done once
for each text: SQLite's placeholders are numbered as SQLite numbers them, and hints that are about
SQLite's planner are left out. A hint never changes what a statement answers.

Words that begin and end a transaction are SQLite's too. `BEGIN IMMEDIATE` means: this will write,
let nobody else begin to; here that is one lock for all writers (`store`).
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple
from uuid import uuid4

from penholder_daemon.core.store import SqlValue

_TOKEN = re.compile(
    r"""
    (?P<literal>'(?:[^']|'')*')
    | (?P<placeholder>\?(?P<number>[0-9]*))
    | (?P<hint>\s+(?:NOT\ INDEXED|INDEXED\ BY\ \w+))
    | (?P<cross>\bCROSS\ JOIN\b)
    """,
    re.VERBOSE,
)
_READS = ("SELECT", "WITH", "VALUES")
_COMPARES = (*_READS, "DELETE")
_NO_TEXT_HAS = f"\x01{uuid4().hex}"
_SMALL_LIMIT = re.compile(r"\bLIMIT [0-9]$")


class Statement(NamedTuple):
    """A statement in PostgreSQL's words."""

    text: str
    is_read: bool
    """Whether it only answers rows, so that they can be asked for in pieces."""
    is_short: bool
    """Whether its rows are a few whatever is stored."""


def comparable(sql: str, values: Sequence[SqlValue]) -> Sequence[SqlValue]:
    """Return values with which a statement finds what it would find if any text were possible.

    No text of PostgreSQL has U+0000, so none is like one that has it: in place of that comes what
    nobody can know, and what sorts next. What stores a text is left as it is, and is refused.
    """
    if any(isinstance(each, str) and "\0" in each for each in values) and sql.startswith(_COMPARES):
        return [
            each.replace("\0", _NO_TEXT_HAS) if isinstance(each, str) else each for each in values
        ]
    return values


@lru_cache(maxsize=8192)
def translated(sql: str) -> Statement:
    """Return a statement as PostgreSQL takes it."""
    largest = 0

    def in_its_words(found: re.Match[str]) -> str:
        nonlocal largest
        if found["placeholder"]:
            # As SQLite has it: one without a number is one above the largest so far.
            number = int(found["number"]) if found["number"] else largest + 1
            largest = max(largest, number)
            return f"${number}"
        if found["hint"]:
            return ""
        # In SQLite it fixes the order of the tables, and takes a condition like any other join.
        return "JOIN" if found["cross"] else found[0]

    text = _TOKEN.sub(in_its_words, sql)
    is_read = text.lstrip().upper().startswith(_READS)
    return Statement(text, is_read, is_read and _SMALL_LIMIT.search(text) is not None)
