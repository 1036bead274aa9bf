"""Records made of values in the order of their fields.

Records take their fields by keyword only, so that they may gain some. Who makes a page of them from
rows knows the order; names in a dict take three times as long as the call itself.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

RecordT = TypeVar("RecordT", bound=msgspec.Struct)


def positional(record_type: type[RecordT], names: Sequence[str]) -> Callable[..., RecordT]:
    """Return a call that takes these fields in this order; raises ValueError for no such field.

    It is written as text and compiled once, as dataclasses have their `__init__`.
    """
    if unknown := set(names) - set(record_type.__struct_fields__):
        raise ValueError(f"{record_type.__name__} has no field {', '.join(sorted(unknown))}")
    told = ", ".join(f"{name}={name}" for name in names)
    # Of names of fields alone, none of which is an underscore.
    made: Callable[..., RecordT] = eval(f"lambda {', '.join(names)}: _({told})", {"_": record_type})  # noqa: S307
    return made
