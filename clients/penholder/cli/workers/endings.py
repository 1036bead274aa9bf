"""How a worker's command ended, as `penholder run` told it: the newest `process.exited` event.

It is nearly always the last event of the stream, which lists and `event.latest` tell for nothing.
Where something came after it the stream is searched.
"""

import signal
from contextlib import suppress

import msgspec

from penholder.blocking import Client
from penholder.cli.workers import living, stream
from penholder.cli.workers.living import Seat

EXITED = "process.exited"
_FAILED = "process.failed"
_CANNOT_RUN = 126
_ERROR_CHARACTERS = 200
"""Of an error: who appends such an event may say anything."""


class _Exit(msgspec.Struct):
    exit_status: int | None = None
    signal: str | None = None


class _Failure(msgspec.Struct):
    code: int = _CANNOT_RUN
    """What a shell would exit with; older runners did not say."""
    error: str = ""
    """Why it could not: `cannot run make: No such file or directory`."""


class Ending(msgspec.Struct, frozen=True):
    """How a command ended: `code` as a shell has it, 128 + N where signal N ended it."""

    code: int
    text: str
    at: str


def is_living(worker: Seat) -> bool:
    """Tell whether a worker's seat is held, or it is starting."""
    return living.is_living(worker.state, worker.recovery_state, worker.runtime_pid)


def read(type_: str, data: bytes | msgspec.Raw, at: str) -> Ending | None:
    """Read an event as an ending; None where it is none that `penholder run` wrote."""
    if type_ == _FAILED:
        return _failure(data, at)
    if type_ != EXITED:
        return None
    try:
        found = msgspec.json.decode(data, type=_Exit)
    except msgspec.MsgspecError:
        return None
    if found.exit_status is not None:
        return Ending(found.exit_status, f"exit status {found.exit_status}", at)
    number = getattr(signal, found.signal or "", None)
    if not isinstance(number, signal.Signals):
        return None
    return Ending(128 + number, f"killed by {found.signal}", at)


def _failure(data: bytes | msgspec.Raw, at: str) -> Ending:
    found = _Failure()
    with suppress(msgspec.MsgspecError):
        found = msgspec.json.decode(data, type=_Failure)
    return Ending(found.code, found.error[:_ERROR_CHARACTERS] or "could not be run", at)


def find(client: Client, worker_id: str) -> Ending | None:
    """Return how a worker's command ended last; None where that is not known."""
    latest = client.event.latest(worker_id=worker_id)
    if latest is None:
        return None
    return read(latest.type, latest.data, latest.ts) or _search(client, worker_id)


def _search(client: Client, worker_id: str) -> Ending | None:
    """Read all endings there are, of which there is one for each time that the command was run."""
    found = None
    for entry in stream.entries(client, [stream.of_worker(worker_id)], [EXITED, _FAILED]):
        found = read(entry.type, entry.data, entry.ts) or found
    return found
