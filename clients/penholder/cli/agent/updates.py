"""The agent's updates as events of its worker: `acp.KIND`, with what it said as data.

What is larger than a value goes beside the journal as a blob, and the event says of it what people
look at. What no value can hold at all (`mended`) is kept as text.
"""

import base64
from typing import Any

import msgspec

from penholder.cli.run.acts import Insist
from penholder_protocol.errors import PenholderError, UploadNotFound
from penholder_protocol.limits import MAX_TYPE_CHARACTERS, MAX_VALUE_BYTES
from penholder_protocol.nouns import Event, NewEvent, Upload

LIVE, REPLAYED = "acp.", "replayed."
_UNKNOWN = "unknown"
_HISTORY = ("user_", "agent_", "tool_call", "terminal_", "plan", "compaction_")
_PART_BYTES = 512 << 10
_SAID_CHARACTERS = 2000
_ROOM_BYTES = MAX_VALUE_BYTES - 1024


class _Kind(msgspec.Struct, rename="camel"):
    session_update: str = _UNKNOWN


def type_of(update: msgspec.Raw, prefix: str) -> str:
    """Return the type of the event of an update, whatever that is."""
    try:
        kind = msgspec.json.decode(update, type=_Kind).session_update
    except (msgspec.MsgspecError, UnicodeDecodeError):
        kind = _UNKNOWN
    return f"{prefix}{kind or _UNKNOWN}".replace("\0", "")[:MAX_TYPE_CHARACTERS]


def is_of_history(type_: str) -> bool:
    """Tell whether an update's type is of what was said and done, not of how it is now."""
    return type_.removeprefix(LIVE).startswith(_HISTORY)


def is_object(raw: msgspec.Raw) -> bool:
    """Tell whether it can be an event's data as it is."""
    return bytes(raw).lstrip()[:1] == b"{"


def event_of(type_: str, raw: msgspec.Raw, turn_id: str | None) -> "NewEvent | Large":
    """Return the event of something that the agent said."""
    data = raw if is_object(raw) else msgspec.Raw(b'{"value":' + bytes(raw) + b"}")
    if len(bytes(data)) > _ROOM_BYTES:
        return Large(type_, bytes(data), turn_id)
    return NewEvent(type=type_, data=data, turn_id=turn_id)


def mended(event: NewEvent) -> NewEvent:
    """Return an event that holds as text what no value can hold."""
    content = bytes(event.data)
    data: dict[str, object] = {"unstorable": True}
    data |= _text_or_base64(content[: _ROOM_BYTES // 2])
    if len(content) > _ROOM_BYTES // 2:
        data["cut_at_bytes"] = _ROOM_BYTES // 2
    return msgspec.structs.replace(event, data=msgspec.Raw(msgspec.json.encode(data)))


def _text_or_base64(content: bytes) -> dict[str, object]:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode()}
    return {"text": text.replace("\0", "\\u0000")}


class Large:
    """An event whose content is stored as a blob, before it is told."""

    def __init__(self, type_: str, content: bytes, turn_id: str | None) -> None:
        """Take what is too large for a value."""
        self._type = type_
        self._content = content
        self._turn_id = turn_id
        self.size_bytes = len(content)

    def carry_out(self, insist: Insist) -> None:
        """Store the content, then tell of it; without a place for it, of its beginning alone."""
        said, blobs = _said(self._content), list[str]()
        try:
            blobs.append(_put(self._content, insist))
        except PenholderError as error:
            said["not_stored"] = str(error)
        event = NewEvent(
            type=self._type,
            data=msgspec.Raw(msgspec.json.encode(said)),
            turn_id=self._turn_id,
            blobs=tuple(blobs),
        )
        insist("event.append", msgspec.structs.asdict(event), Event)


def _said(content: bytes) -> dict[str, object]:
    """Return what people look at of an update, short, and how much there is."""
    short: dict[str, object] = {"size_bytes": len(content)}
    try:
        found = msgspec.json.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return short
    for name in ("sessionUpdate", "toolCallId", "title", "kind", "status", "messageId"):
        if isinstance(found.get(name), str):
            short[name] = found[name][:_SAID_CHARACTERS]
    text = text_in(found)
    if text:
        short["content"] = {"type": "text", "text": text[:_SAID_CHARACTERS], "cut": True}
    return short


def text_in(update: dict[str, Any]) -> str:
    """Return the text of a chunk, if it has one."""
    content = update.get("content")
    if isinstance(content, dict) and isinstance(content.get("text"), str):
        return str(content["text"])
    return ""


def _put(content: bytes, insist: Insist) -> str:
    while True:
        try:
            return _put_once(content, insist)
        except UploadNotFound:
            # The daemon began anew, and an upload ends with its run.
            continue


def _put_once(content: bytes, insist: Insist) -> str:
    upload_id: str | None = None
    offset = 0
    while True:
        part = content[offset : offset + _PART_BYTES]
        params: dict[str, object] = {
            "upload_id": upload_id,
            "offset": offset,
            "bytes_base64": base64.b64encode(part).decode(),
            "last": offset + len(part) == len(content),
        }
        done = insist("blob.put", params, Upload)
        if done.blob_id is not None:
            return done.blob_id
        upload_id, offset = done.upload_id, offset + len(part)
