"""Reading answers, also what JSON can spell and few readers can read: huge numbers, deep trees.

The daemon takes no number any more that is not finite as a double or has more than 308 digits; what
was stored with one before is answered as it is. The same goes for lone surrogates.

How such answers are read is imported where one comes: next to none does, and every command of the
command line would pay for it.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import TypeVar

import msgspec
from msgspec import Raw
from msgspec.json import Decoder

from penholder._shared.failures import NotUnderstood
from penholder_protocol import surrogates
from penholder_protocol.errors import ValueTooLarge
from penholder_protocol.jsonrpc import Incoming, read_incoming

T = TypeVar("T")
_SHOWN_BYTES = 80


def incoming(frame: bytes) -> Incoming:
    """Read one frame of a daemon; raises NotUnderstood with how it begins if it is no message."""
    try:
        return read_incoming(frame)
    except (msgspec.DecodeError, RecursionError):
        # What it says tells who speaks: the shell of another machine greets, for one.
        said = frame[:_SHOWN_BYTES].decode(errors="replace")
        more = " …" if len(frame) > _SHOWN_BYTES else ""
        raise NotUnderstood(f"what came is no message of a daemon: {said!r}{more}") from None


def next_frame(frames: Iterator[bytes]) -> bytes | None:
    """Take the next frame that has come, None if there is none; raises NotUnderstood."""
    try:
        return next(frames, None)
    except ValueTooLarge as too_long:
        # As an error of the protocol it would say that what the caller sent is too large.
        raise NotUnderstood(f"what came is no message of a daemon: {too_long}") from None


def read(result: Raw, result_type: type[T]) -> T:
    """Decode a result; a number that is too large for a float or an int is a Decimal."""
    try:
        return msgspec.json.decode(result, type=result_type)
    except msgspec.DecodeError as error:
        # msgspec has no kind of error for a number that is too large, only a message.
        if "out of range" not in str(error) and surrogates.first_lone(bytes(result)) is None:
            raise
    except RecursionError:
        return _read_deep(result, result_type)
    from penholder._shared import deep  # noqa: PLC0415 - see the module's docstring

    return msgspec.convert(deep.scalar(bytes(result).decode()), type=result_type)


def decode(result: Raw, decoder: Decoder[T]) -> T:
    """Decode a result by its type, also a tree that is deeper than decoders go."""
    try:
        return decoder.decode(result)
    except RecursionError:
        from penholder._shared import deep  # noqa: PLC0415 - see the module's docstring

        with suppress(TypeError):  # no tree, so there is nothing that we could do better
            return deep.tree(bytes(result), decoder.type)
        raise


def _read_deep(result: Raw, result_type: type[T]) -> T:
    from penholder._shared import deep  # noqa: PLC0415 - see the module's docstring

    try:
        return deep.tree(bytes(result), result_type)
    except TypeError:
        value = deep.plain(bytes(result))
        if isinstance(value, result_type):
            return value
        raise
