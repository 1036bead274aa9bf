"""What the daemon could not read is refused here, before anything of it is sent.

Of a frame that it cannot read the daemon cannot tell whose it is, and after one that is too long it
hangs up on all other calls of the connection.
"""

import re
from array import array
from itertools import accumulate

from penholder_protocol import jsonrpc
from penholder_protocol.errors import ValueTooLarge
from penholder_protocol.jsonrpc import Fault
from penholder_protocol.limits import MAX_FRAME_BYTES, MAX_VALUE_DEPTH

_MAX_DEPTH = MAX_VALUE_DEPTH + 7
"""A value in an item of `events` in the params of one of the calls of tx.apply, in a request."""
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
_STEPS = bytes.maketrans(b"{[}]", b"\x01\x01\xff\xff")
_NO_BRACKETS = bytes(set(range(256)) - set(b"{}[]"))


def sendable(frame: bytes) -> bytes:
    """Return a request on one line; raises ValueTooLarge, ParseError or InvalidRequest."""
    body = frame[:-1]
    if len(body) > MAX_FRAME_BYTES:
        raise too_large(len(body))
    if b"\n" in body:
        body = body.replace(b"\n", b" ")  # of JSON that the caller wrote: there it is white space
    check_depth(body)
    # As the daemon reads it, so both find the same faults.
    message = jsonrpc.parse(body)
    if isinstance(message, Fault):
        raise message.error
    return body + b"\n"


def check_depth(text: bytes) -> None:
    """Refuse what the daemon takes for no value; raises ValueTooLarge."""
    # Nearly always enough, and cheap; only where there are many must their order be looked at.
    if text.count(b"{") + text.count(b"[") <= _MAX_DEPTH:
        return
    # Without the strings, whose brackets say nothing, and without recursion.
    steps = array("b", _STRING.sub(b"", text).translate(_STEPS, _NO_BRACKETS))
    if max(accumulate(steps), default=0) > _MAX_DEPTH:
        raise too_deep()


def too_deep() -> ValueTooLarge:
    """Say that params are nested too deep."""
    return ValueTooLarge(
        f"the params are nested deeper than MAX_VALUE_DEPTH ({MAX_VALUE_DEPTH})",
        limit="MAX_VALUE_DEPTH",
        maximum=MAX_VALUE_DEPTH,
    )


def too_large(seen: int) -> ValueTooLarge:
    """Say that a request is longer than a frame."""
    return ValueTooLarge(
        f"the request has {seen} bytes, MAX_FRAME_BYTES is {MAX_FRAME_BYTES}",
        limit="MAX_FRAME_BYTES",
        maximum=MAX_FRAME_BYTES,
        seen=seen,
    )
