"""JSON-RPC 2.0 messages: frames in, checked messages out, and back.

Sans I/O. Local faults and faults of the peer are kept apart, after h11: what a peer sent wrong is a
`Fault` value, not an exception. A peer may send anything at all, and each frame gets one verdict;
an exception that comes out of `parse` is a mistake of ours.

A message is read in two steps. First the envelope alone (`_Envelope`), in which params and results
stay raw until somebody knows their type: who reads the envelope cannot know it, and decoding into
plain objects would be done for nothing and lose digits of numbers. Only where that fails is the
frame looked at again (`_diagnose`) to say what is wrong with it, and under which id: the decoder
stops at the first thing that it does not like, which may stand before the id. So what is right is
read once, and what is wrong is told well.

An id is carried as the raw JSON text that came (`b"7"`, `b'"a"'`), so that it is echoed exactly.
Decoded and encoded it could come back spelled in another way (`-0` as `0`), and its sender might
not know it.

A raw part is a view of its frame, which it keeps in memory as long as it lives. Params are copied
out of theirs: a connection is held to what its params weigh, and the rest of a frame may be much.

What is sent is put together as bytes around what is encoded already: a result is encoded once,
where it is made, and travels so.
"""

import re
from collections.abc import Callable, Iterable
from typing import TypeAlias, TypeVar

import msgspec
from msgspec import UNSET, Raw, UnsetType

from penholder_protocol import surrogates
from penholder_protocol.errors import (
    Detail,
    InvalidRequest,
    ParseError,
    PenholderError,
    ValueTooLarge,
)
from penholder_protocol.limits import (
    MAX_BATCH,
    MAX_FRAME_BYTES,
    MAX_REQUEST_ID_BYTES,
    MAX_TEXT_CHARACTERS,
    MAX_VALUE_DEPTH,
)

ResultT = TypeVar("ResultT")
RequestId: TypeAlias = bytes | None
"""The raw JSON text of an id, or None for a notification."""

NO_PARAMS = b"{}"
NULL_ID = b"null"


class Request(msgspec.Struct, frozen=True):
    """One request or, without id, one notification."""

    method: str
    params: bytes
    """As they came: the text of an object, or of an array."""
    id: RequestId

    @property
    def id_text(self) -> str | None:
        """The id as the journal keeps it: text, or None."""
        return None if self.id is None else str(msgspec.json.decode(self.id))


class Fault(msgspec.Struct, frozen=True):
    """A message that is no request: what to answer, and under which id."""

    error: PenholderError
    id: bytes = NULL_ID


Message: TypeAlias = Request | Fault


class _Envelope(msgspec.Struct):
    method: str
    jsonrpc: str = ""
    id: Raw | UnsetType = UNSET
    params: Raw | UnsetType = UNSET


_decode_envelope = msgspec.json.Decoder(_Envelope).decode
_decode_array = msgspec.json.Decoder(list[Raw]).decode
_decode_object = msgspec.json.Decoder(dict[str, Raw]).decode
as_raw: Callable[[bytes], Raw] = msgspec.json.Decoder(Raw).decode
"""Reads a text as the JSON that it is; raises msgspec.DecodeError where it is none."""


_PLAIN_ID_BYTES = 20
"""A number of so many digits is an id without another look; nearly all are."""


def parse(frame: bytes) -> Message | list[Message]:
    """Read one frame: a message, or for a batch a list of them (never empty)."""
    # The decoder looks at the UTF-8 of what it decodes only, and raw parts would go on as they are.
    if not frame.isascii():
        try:
            frame.decode()
        except UnicodeDecodeError as error:
            return Fault(ParseError(f"the frame is not UTF-8: {error}"))
    # Nearly all begin with their first byte.
    if not frame.startswith(b"{") and frame.lstrip(b" \t\r")[:1] == b"[":
        return _parse_batch(frame)
    return _parse_one(frame)


def _parse_one(frame: bytes) -> Message:
    try:
        envelope = _decode_envelope(frame)
    except msgspec.ValidationError:
        return _diagnose(frame)
    except msgspec.DecodeError as error:
        return _unreadable(frame, error)
    except RecursionError:
        return Fault(_too_deep())
    if envelope.jsonrpc != "2.0":
        return _diagnose(frame)
    request_id = None if envelope.id is UNSET else bytes(envelope.id)
    params = NO_PARAMS if envelope.params is UNSET else bytes(envelope.params)
    if request_id is not None and not (
        (request_id.isdigit() and len(request_id) <= _PLAIN_ID_BYTES) or _is_id(request_id)
    ):
        return _diagnose(frame)
    # An array is let through: who decodes params says that they go by name, with the method's own.
    if not params.startswith((b"{", b"[")):
        return _diagnose(frame)
    return Request(envelope.method, params, request_id)


def _parse_batch(frame: bytes) -> Message | list[Message]:
    try:
        items = _decode_array(frame)
    except msgspec.DecodeError as error:
        return _unreadable(frame, error)
    except RecursionError:
        return Fault(_too_deep())
    if not items:
        return Fault(InvalidRequest("a batch must hold at least one message"))
    if len(items) > MAX_BATCH:
        message = f"a batch may hold MAX_BATCH ({MAX_BATCH}) messages, this one holds {len(items)}"
        return Fault(InvalidRequest(message, limit="MAX_BATCH", maximum=MAX_BATCH))
    # Each as a frame of its own, so that none of them keeps the whole batch in memory.
    return [_parse_one(bytes(item)) for item in items]


def _diagnose(frame: bytes) -> Fault:
    """Say what is wrong with a frame that is no request; a good id is echoed.

    The envelope's decoder stops at the first member of a wrong type, so what comes after it may
    not even be JSON.
    """
    try:
        as_raw(frame)
        members = _decode_object(frame)
    except msgspec.ValidationError:
        return Fault(InvalidRequest("a message must be an object"))
    except msgspec.DecodeError as error:
        return _unreadable(frame, error)
    except RecursionError:
        return Fault(_too_deep())
    request_id = bytes(members["id"]) if "id" in members else NULL_ID
    if "id" in members and not _is_id(request_id):
        return Fault(_wrong_id(request_id))
    if members.get("jsonrpc") != Raw(b'"2.0"'):
        return Fault(InvalidRequest('`jsonrpc` must be "2.0"'), request_id)
    if "method" not in members:
        return Fault(InvalidRequest("`method` is missing"), request_id)
    if bytes(members["method"])[:1] != b'"':
        return Fault(InvalidRequest("`method` must be a string"), request_id)
    return Fault(InvalidRequest("`params` must be an object"), request_id)


def _unreadable(frame: bytes, error: msgspec.DecodeError) -> Fault:
    """Say why a frame is no JSON; of one with a lone surrogate all the rest can be read."""
    lone = surrogates.first_lone(frame)
    if lone is None:
        return Fault(ParseError(str(error)))
    fault = ParseError(surrogates.explain(lone))
    try:
        members = _decode_object(surrogates.replaced(frame))
    except (msgspec.DecodeError, RecursionError):
        return Fault(fault)
    # In a text that was mended an id may be mended, too: only one that came so is echoed.
    request_id = bytes(members.get("id", Raw(NULL_ID)))
    is_sound = _is_id(request_id) and request_id in frame
    return Fault(fault, request_id if is_sound else NULL_ID)


def _is_id(raw: bytes) -> bool:
    if len(raw) > MAX_REQUEST_ID_BYTES:
        return False
    # It is JSON already: its first byte says what it is, a dot or exponent that it is no integer.
    return raw[:1] == b'"' or (raw[:1] in b"-0123456789" and not set(b".eE") & set(raw))


def _wrong_id(raw: bytes) -> InvalidRequest:
    if len(raw) <= MAX_REQUEST_ID_BYTES:
        return InvalidRequest("`id` must be a string or an integer")
    return InvalidRequest(
        f"`id` has {len(raw)} bytes, over MAX_REQUEST_ID_BYTES ({MAX_REQUEST_ID_BYTES})",
        limit="MAX_REQUEST_ID_BYTES",
        maximum=MAX_REQUEST_ID_BYTES,
    )


def _too_deep() -> ValueTooLarge:
    return ValueTooLarge(
        f"the message is nested deeper than MAX_VALUE_DEPTH ({MAX_VALUE_DEPTH})",
        limit="MAX_VALUE_DEPTH",
        maximum=MAX_VALUE_DEPTH,
    )


# --- what a daemon sends ---------------------------------------------------------------------
class _ErrorData(msgspec.Struct):
    code: str
    retryable: bool
    details: dict[str, Detail]


class _ErrorObject(msgspec.Struct):
    code: int
    message: str
    data: _ErrorData


_encode = msgspec.json.Encoder().encode


def result(request_id: bytes, body: bytes) -> bytes:
    """Make an answer, without newline, from an encoded result."""
    return b'{"jsonrpc":"2.0","id":%b,"result":%b}' % (request_id, body)


def error(request_id: bytes, fault: PenholderError) -> bytes:
    """Make an error answer, without newline; what the peer sent may be too long to be repeated."""
    # An eighth, since a byte of it may be six in JSON; a character that is cut through is left out.
    message = fault.message.encode("utf-8", "replace")[: MAX_FRAME_BYTES // 8]
    details = {name: _cut(detail) for name, detail in fault.details.items()}
    data = _ErrorData(fault.code, fault.retryable, details)
    body = _encode(_ErrorObject(fault.number, message.decode("utf-8", "ignore"), data))
    return b'{"jsonrpc":"2.0","id":%b,"error":%b}' % (request_id, body)


def _cut(detail: Detail) -> Detail:
    return detail[:MAX_TEXT_CHARACTERS] if isinstance(detail, str) else detail


def notification(method: str, params: bytes) -> bytes:
    """Make a notification, without newline, from encoded params."""
    return b'{"jsonrpc":"2.0","method":"%b","params":%b}' % (method.encode(), params)


def batch(answers: Iterable[bytes]) -> list[bytes]:
    """Join the answers of a batch into arrays that each fit a frame: one, unless they are huge."""
    arrays: list[list[bytes]] = []
    room = 0
    for answer in answers:
        if len(answer) + 1 > room:
            arrays.append([])
            # Less the two brackets; each answer brings its comma.
            room = MAX_FRAME_BYTES - 2
        arrays[-1].append(answer)
        room -= len(answer) + 1
    return [b"[" + b",".join(array) + b"]" for array in arrays]


# --- what a client sends and reads -----------------------------------------------------------
class RemoteErrorData(msgspec.Struct):
    """`error.data` as a client reads it."""

    code: str | None = None
    retryable: bool = False
    details: dict[str, object] = {}


class RemoteError(msgspec.Struct):
    """`error` as a client reads it."""

    code: int
    message: str
    data: RemoteErrorData | None = None


class Incoming(msgspec.Struct):
    """Whatever a daemon sends: an answer (result or error) or a notification (method)."""

    id: int | str | None = None
    result: Raw | UnsetType = UNSET
    error: RemoteError | None = None
    method: str | None = None
    params: Raw | UnsetType = UNSET


_decode_incoming = msgspec.json.Decoder(Incoming).decode


_ANSWER = re.compile(rb'\{"jsonrpc":"2\.0","id":(-?[0-9]+|"(?:[^"\\]|\\.)*"),"result":')


def read_incoming(frame: bytes) -> Incoming:
    """Read one frame of a daemon; raises msgspec.DecodeError on what is no message.

    A result may be nested deeper than any decoder goes (brief.tree): it is taken as it stands, so
    that only who asked for it has to deal with it.
    """
    try:
        return _decode_incoming(frame)
    except RecursionError:
        head = _ANSWER.match(frame)
        if head is None:
            raise
        body = Raw(frame[head.end() :].rstrip()[:-1])
        return Incoming(id=msgspec.json.decode(head[1]), result=body)


def read_result(
    chunk: bytes, request_id: str, decode: Callable[[bytes], ResultT]
) -> ResultT | UnsetType:
    """Return the result of a request as `decode` reads it, where a chunk is just its answer.

    It must be spelled as `result` spells it, as every answer of a daemon is but an error. UNSET
    says that there may be more to it, or something else: cut the chunk into frames and read them.
    """
    head = b'{"jsonrpc":"2.0","id":"%b","result":' % request_id.encode()
    if not (chunk.startswith(head) and chunk.endswith(b"}\n")):
        return UNSET
    try:
        # What is one value by itself has no other member behind it, and no other frame.
        return decode(chunk[len(head) : -2])
    except (msgspec.DecodeError, RecursionError):
        return UNSET


def request(request_id: str, method: str, params: bytes) -> bytes:
    """Make a request, with newline, from encoded params; the id is one that needs no escapes."""
    return b'{"jsonrpc":"2.0","id":"%b","method":"%b","params":%b}\n' % (
        request_id.encode(),
        method.encode(),
        params,
    )
