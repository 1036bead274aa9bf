"""The client's side of a terminal's requests to a runner."""

import socket

import msgspec

from penholder.cli.run import asking
from penholder.cli.run.asking import NoRunner
from penholder.cli.run.endpoint import MAX_REQUEST_BYTES, read_line
from penholder.cli.run.pty_serving import ATTACH, NO_TERMINAL, TYPE
from penholder_protocol.nouns import Worker

_ANSWER_WITHIN_S = 10.0


class NoTerminal(Exception):
    """The command runs without a terminal."""


class Refused(Exception):
    """The runner says why it did not do what was asked."""


class _Answer(msgspec.Struct):
    ok: bool
    error: str = "it did not say why"
    code: str = ""


class Attached(msgspec.Struct):
    """A connection on which frames go both ways, and what has come of them."""

    socket: socket.socket
    rest: bytes


def attach(worker: Worker, *, view: bool) -> Attached:
    """Attach to a worker's terminal; raises NoRunner, NoTerminal, Refused."""
    return _ask(worker, {"kind": ATTACH, "view": view})


def type_text(worker: Worker, text: str, *, enter: bool) -> None:
    """Type a text into a worker's terminal; raises NoRunner, NoTerminal, Refused."""
    _ask(worker, {"kind": TYPE, "text": text, "enter": enter}).socket.close()


def _ask(worker: Worker, request: dict[str, object]) -> Attached:
    line = msgspec.json.encode(request) + b"\n"
    if len(line) > MAX_REQUEST_BYTES:
        raise Refused(f"a request has {MAX_REQUEST_BYTES} bytes at most")
    connection = asking.connect(worker)
    try:
        return _exchange(worker, connection, line)
    except BaseException:
        connection.close()
        raise


def _exchange(worker: Worker, connection: socket.socket, request: bytes) -> Attached:
    connection.settimeout(_ANSWER_WITHIN_S)
    try:
        connection.sendall(request)
        line, rest = read_line(connection, _ANSWER_WITHIN_S)
        answer = msgspec.json.decode(line, type=_Answer)
    except (OSError, msgspec.MsgspecError) as error:
        raise NoRunner(f"the runner of {worker.worker_id} does not answer: {error}") from None
    if answer.code == NO_TERMINAL:
        raise NoTerminal(answer.error)
    if not answer.ok:
        raise Refused(answer.error)
    connection.settimeout(None)
    return Attached(connection, rest)
