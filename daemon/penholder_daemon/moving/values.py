"""What a foreign column holds, as Penholder keeps it; raises ValueError or PenholderError."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import TypeVar

import msgspec
from msgspec import Raw

from penholder_daemon.core.values import compact

DecodedT = TypeVar("DecodedT")


@lru_cache(maxsize=4096)
def utc(text: str) -> str:
    """Write an ISO 8601 time as RFC 3339 in UTC with milliseconds; without a zone it is UTC."""
    try:
        found = datetime.fromisoformat(text)
        zoned = found if found.tzinfo else found.replace(tzinfo=UTC)
        # Milliseconds are cut, not rounded: rounding could put a time after its successor's.
        return zoned.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    # At the edges of the calendar a shift to UTC leads out of it.
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is no ISO 8601 time") from error


def utc_or_none(text: str | None) -> str | None:
    """Do the same for a time that may be absent."""
    return None if text is None else utc(text)


def json_object(text: str | None, name: str) -> str:
    """Return a JSON object as compact text within the limits; absent is an empty one."""
    return "{}" if text is None else _compact(text, name, must_be_object=True)


def json_value(text: str, name: str) -> str:
    """Return any JSON value as compact text within the limits."""
    return _compact(text, name, must_be_object=False)


def json_or_none(text: str | None, name: str) -> str | None:
    """Do the same for a value that may be absent; null is absent too."""
    found = "null" if text is None else json_value(text, name)
    return None if found == "null" else found


def json_as(decoder: msgspec.json.Decoder[DecodedT], text: str, name: str) -> DecodedT:
    """Read JSON of a known shape."""
    try:
        return decoder.decode(text)
    except ValueError as error:
        raise ValueError(f"{name} is not what it should be: {error}") from error


def _compact(text: str, name: str, *, must_be_object: bool) -> str:
    try:
        encoded = text.strip().encode()
        return bytes(compact(Raw(encoded), name, must_be_object=must_be_object)).decode()
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name} is no valid JSON: {error}") from error
