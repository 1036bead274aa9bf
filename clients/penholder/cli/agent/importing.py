"""Session files of agents that ran elsewhere, as workers that have ended.

A session is one worker, whose id is made of the session's. Its events are those that its lines
make, in their order and nothing between, so that how many there are says how far an import has
come: done again, or of a file that has grown, it adds what is missing. Of several at once each is
at the same places at the end of a call; so a place is the key under which the next call is done.
"""

import os
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, BinaryIO

import msgspec

from penholder.blocking import Client
from penholder.cli.agent import formats, own_file
from penholder.cli.agent.formats import Session, Told
from penholder.cli.terminal.failures import Failure
from penholder.cli.terminal.text import printable
from penholder.cli.workers import scope, waiting
from penholder_protocol.errors import WorkerExists
from penholder_protocol.limits import MAX_VALUE_BYTES
from penholder_protocol.nouns import Fence, Worker

LAUNCHER = "import"
SOURCE = "import.source"
MAX_FILE_BYTES = 256 << 20
MAX_LINE_BYTES = 8 << 20
MAX_EVENTS = 200_000
_ROOM_BYTES = MAX_VALUE_BYTES - 1024
_CUT_CHARACTERS = 8 << 10
_BATCH = 100
_BATCH_BYTES = 256 << 10
_DIGITS = 24
_LABEL_CHARACTERS = 8


class Imported(msgspec.Struct):
    """What came of a file."""

    worker: Worker
    format: str
    added: int
    skipped: int


def read(path: str) -> Session:
    """Read a session file; raises Failure, OSError."""
    shown = printable(path)
    with own_file.opened(path) as file:
        if os.fstat(file.fileno()).st_size > MAX_FILE_BYTES:
            raise Failure(f"{shown} has more than {MAX_FILE_BYTES} bytes")
        session = formats.read(_lines(file))
    if session is None or not session.session_id:
        known = ", ".join(formats.FORMATS)
        raise Failure(f"{shown} is no session file of an agent that is known: {known}")
    if len(session.events) > MAX_EVENTS:
        raise Failure(f"{shown} has more than {MAX_EVENTS} events")
    return session


def _lines(file: BinaryIO) -> Iterator[dict[str, Any] | None]:
    """Yield each line's object; None for what is none, or too long."""
    read_bytes = 0
    while line := file.readline(MAX_LINE_BYTES + 1):
        read_bytes += len(line)
        if read_bytes > MAX_FILE_BYTES:
            raise Failure(f"the file has grown over {MAX_FILE_BYTES} bytes")
        if len(line) > MAX_LINE_BYTES and not line.endswith(b"\n"):
            while (rest := file.readline(MAX_LINE_BYTES)) and not rest.endswith(b"\n"):
                read_bytes += len(rest)
            yield None
        elif line.strip():
            yield _object(line)


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        found = msgspec.json.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def put(
    client: Client, session: Session, controller_id: str | None, fence: Fence | None
) -> Imported:
    """Store what is not stored yet."""
    name = sha256(f"{session.format}\0{session.session_id}".encode("utf-8", "replace")).hexdigest()
    worker_id = f"import-{name[:_DIGITS]}"
    worker = waiting.find(client, worker_id)
    if worker is None:
        worker = _make(client, session, worker_id, name, controller_id, fence)
    if worker.state != "stopped":
        worker = client.worker.transition(
            worker_id=worker_id, to="stopped", fence=fence, idempotency_key=f"{worker_id}:stopped"
        )
    latest = client.event.latest(worker_id=worker_id)
    done = 0 if latest is None else latest.event_seq
    events = [_source(session), *session.events][done:]
    for batch in _batches(events):
        key = f"{worker_id}:{done}"
        client.event.append_many(
            worker_id=worker_id, events=batch, fence=fence, idempotency_key=key
        )
        done += len(batch)
    return Imported(worker, session.format, len(events), session.skipped)


def _make(
    client: Client,
    session: Session,
    worker_id: str,
    name: str,
    controller_id: str | None,
    fence: Fence | None,
) -> Worker:
    if controller_id is None:
        found = scope.directory_controller(client)
        scope.ensure(client, found)
        controller_id = found.controller_id
    try:
        return client.worker.create(
            worker_id=worker_id,
            controller_id=controller_id,
            label=f"{session.format}-{name[:_LABEL_CHARACTERS]}",
            launcher=LAUNCHER,
            profile=session.format,
            cwd=session.cwd[:4096].replace("\0", "") or "/",
            fence=fence,
        )
    except WorkerExists:
        found_now = waiting.find(client, worker_id)
        if found_now is None:  # it was removed, and its id is never used again
            raise
        return found_now


def _source(session: Session) -> Told:
    """Return the first event, which is the same however long the file has become."""
    about = {"format": session.format, "session_id": session.session_id, "cwd": session.cwd}
    return Told(SOURCE, {**about, "imported": True})


def _batches(events: list[Told]) -> Iterator[list[dict[str, object]]]:
    batch: list[dict[str, object]] = []
    size = 0
    for event in events:
        data = msgspec.json.encode(_fitting(event))
        if batch and (len(batch) == _BATCH or size + len(data) > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append({"type": event.type, "data": msgspec.Raw(data)})
        size += len(data)
    if batch:
        yield batch


def _fitting(event: Told) -> dict[str, Any]:
    """Return an event's data, with long texts cut where it is too large for a value."""
    size = len(msgspec.json.encode(event.data))
    if size <= _ROOM_BYTES:
        return event.data
    kept = {key: each for key, each in event.data.items() if key not in ("rawInput", "rawOutput")}
    for key in ("text", "content"):
        if key in kept:
            kept[key] = _shortened(kept[key])
    return {**kept, "size_bytes": size}


def _shortened(value: Any) -> Any:
    if isinstance(value, str):
        return value[:_CUT_CHARACTERS]
    if isinstance(value, dict):
        return {key: _shortened(each) for key, each in value.items()} | {"cut": True}
    return value
