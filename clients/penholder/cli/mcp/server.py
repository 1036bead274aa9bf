"""The loop: lines in, to whom they are for, until it is over.

stdout belongs to the protocol alone. So before anything else it is kept under another number, and
what any library or child may print goes to stderr; stdin likewise, or a child might read what is
meant for us.
"""

import os
import time
from collections import deque

import msgspec
from msgspec import UNSET, Raw, UnsetType

from penholder.cli.mcp import messages
from penholder.cli.mcp.desk import Desk
from penholder.cli.mcp.jobs import Jobs, key_of
from penholder.cli.mcp.lifeline import Lifeline, News
from penholder.cli.mcp.lines import Cutter, TooLong
from penholder.cli.mcp.messages import INVALID_REQUEST, PARSE_ERROR, Refused
from penholder.cli.mcp.methods import Methods
from penholder.cli.mcp.outlet import Outlet
from penholder.cli.mcp.setup import Setup
from penholder_protocol import jsonrpc
from penholder_protocol.errors import ParseError
from penholder_protocol.jsonrpc import Fault, Request

_READ_BYTES = 1 << 16
_CANCELED = "notifications/cancelled"
_JOBS_S, _RELEASE_S, _DRAIN_S = 1.0, 1.5, 0.3
_ORPHANED_RELEASE_S = 0.4
"""Whose parent has died has to be gone within a second, and so has who is not read any more."""
_UNREAD_S = 0.5
"""What a client that has ended our input gets to read on, where too much waits to be read."""


class _Answer(msgspec.Struct):
    """What tells an answer from a request: this server asks nothing, so it is nobody's."""

    method: Raw | UnsetType = UNSET
    result: Raw | UnsetType = UNSET
    error: Raw | UnsetType = UNSET


class _Canceled(msgspec.Struct):
    request_id: str | int = msgspec.field(name="requestId")


class Server:
    """One client, served over two descriptors."""

    def __init__(self, setup: Setup, source: int, sink: int) -> None:
        """Take where requests come from and answers go to."""
        self._source = source
        self._lifeline = Lifeline(source)
        self._outlet = Outlet(sink, self._lifeline.wake)
        self._cutter = Cutter()
        self._desk = Desk(setup)
        self._jobs = Jobs(self._desk, self._outlet.put)
        self._methods = Methods(self._desk, self._jobs)
        self._lines: deque[bytes | TooLong] = deque()
        """What was read and waits until there is room for the answers."""
        self._hung_up_until: float | None = None

    def run(self) -> int:
        """Serve until it is over; returns the exit code."""
        while True:
            self._take_lines()
            reads = not self._lines and not self._outlet.is_full
            news = self._lifeline.wait(reads=reads, deadline=self._hung_up_until)
            if news is News.HUNG_UP:
                self._hung_up_until = time.monotonic() + _UNREAD_S
            if news is News.INPUT and not self._read():
                self._end(_JOBS_S, _RELEASE_S, _DRAIN_S)
                return 0
            if news in (News.ORPHANED, News.LATE) or self._outlet.is_broken:
                self._end(0, _ORPHANED_RELEASE_S, 0)
                return 0
            if news is News.SIGNALED:
                self._end(0, _RELEASE_S, _DRAIN_S)
                return 128 + (self._lifeline.signal or 0)

    def _read(self) -> bool:
        """Take what has come; False at the end of input."""
        try:
            chunk = os.read(self._source, _READ_BYTES)
        except OSError:
            chunk = b""
        self._lines.extend(self._cutter.feed(chunk) if chunk else self._cutter.end())
        if not chunk:
            self._take_lines()
        return bool(chunk)

    def _take_lines(self) -> None:
        # One at a time: a few bytes can ask for much, and what nobody reads is not to be made.
        while self._lines and not self._outlet.is_full:
            self._take(self._lines.popleft())

    def _take(self, line: bytes | TooLong) -> None:
        if isinstance(line, TooLong):
            limit = f"a message of {line.size} bytes is too long: at most {1 << 20}"
            self._refuse(line.id or jsonrpc.NULL_ID, Refused(INVALID_REQUEST, limit))
            return
        message = jsonrpc.parse(line)
        if isinstance(message, list):
            refused = Refused(INVALID_REQUEST, "batches are not served: send messages one by one")
            self._refuse(jsonrpc.NULL_ID, refused)
        elif isinstance(message, Fault):
            self._take_fault(line, message)
        elif message.id is None:
            self._note(message)
        else:
            self._answer(message, message.id)

    def _take_fault(self, line: bytes, fault: Fault) -> None:
        number = PARSE_ERROR if isinstance(fault.error, ParseError) else INVALID_REQUEST
        if number == INVALID_REQUEST and _is_answer(line):
            return
        self._refuse(fault.id, Refused(number, str(fault.error)))

    def _note(self, message: Request) -> None:
        if message.method != _CANCELED:
            return
        try:
            canceled = msgspec.json.decode(message.params, type=_Canceled)
        except msgspec.ValidationError:
            return
        self._jobs.cancel(canceled.request_id)

    def _answer(self, message: Request, request_id: bytes) -> None:
        try:
            key_of(request_id)
            body = self._methods.answer(message.method, message.params, request_id)
        except Refused as refused:
            self._refuse(request_id, refused)
        except (msgspec.DecodeError, RecursionError) as wrong:
            self._refuse(request_id, Refused(PARSE_ERROR, f"params: {wrong}"))
        else:
            if body is not None:
                self._outlet.put(messages.result(request_id, body))

    def _refuse(self, request_id: bytes, refused: Refused) -> None:
        self._outlet.put(messages.error(request_id, refused))

    def _end(self, jobs_s: float, release_s: float, drain_s: float) -> None:
        self._jobs.finish(jobs_s)
        self._desk.release(release_s)
        self._outlet.drain(drain_s)


def _is_answer(line: bytes) -> bool:
    try:
        found = msgspec.json.decode(line, type=_Answer)
    except (msgspec.MsgspecError, RecursionError):
        return False
    return found.method is UNSET and (found.result is not UNSET or found.error is not UNSET)


def own_streams() -> tuple[int, int]:
    """Keep stdin and stdout for the protocol; what else reads or prints gets nothing of it."""
    source, sink = os.dup(0), os.dup(1)
    empty = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    os.dup2(empty, 0)
    os.close(empty)
    os.dup2(2, 1)
    return source, sink
