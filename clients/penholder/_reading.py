"""Reading answers, also with numbers in them that JSON can spell and few readers can read.

The daemon takes none any more that is not finite as a double or has more than 308 digits; what was
stored with one before is answered as it is.
"""

import json
from decimal import Decimal
from typing import TypeVar

import msgspec
from msgspec import Raw

T = TypeVar("T")
_MAX_INT_DIGITS = 4000
"""What Python makes an int of without being told to; more is a Decimal, to the digit."""


def read(result: Raw, result_type: type[T]) -> T:
    """Decode a result; a number that is too large for a float or an int is a Decimal."""
    try:
        return msgspec.json.decode(result, type=result_type)
    except msgspec.ValidationError as error:
        if "out of range" not in str(error):
            raise
    value: object = json.loads(bytes(result), parse_float=_real, parse_int=_whole)
    return msgspec.convert(value, type=result_type)


def _real(text: str) -> float | Decimal:
    number = float(text)
    return Decimal(text) if number in (float("inf"), float("-inf")) else number


def _whole(text: str) -> int | Decimal:
    return int(text) if len(text) <= _MAX_INT_DIGITS else Decimal(text)
