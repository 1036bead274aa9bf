"""What every record of the contract has in common."""

from typing import Generic, TypeVar

import msgspec


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A record as it stands on the wire; it may gain fields, the named ones keep name and type."""


RecordT_co = TypeVar("RecordT_co", covariant=True)


class Page(Record, Generic[RecordT_co], frozen=True, kw_only=True):
    """A part of a list: `items`, and in `next` the cursor for the following page, or null."""

    items: list[RecordT_co]
    next: str | None = None
