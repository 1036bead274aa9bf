"""What was sent to a worker: the next one, what there was, and that it is taken.

Only the control socket sends (`worker.send`), so a worker can neither send to another nor, since
its socket is its own, read another's.
"""

from collections.abc import Iterator

from penholder_daemon.core import streams
from penholder_daemon.core.caller import CONTROL, RUNTIME
from penholder_daemon.core.method import Waiting
from penholder_daemon.core.registry import Room
from penholder_daemon.core.transaction import Rx, Tx
from penholder_daemon.rooms.inputs import records
from penholder_daemon.rooms.workers import records as workers
from penholder_protocol.errors import InputNotFound, WorkerNotFound
from penholder_protocol.limits import DEFAULT_LIST_LIMIT, DEFAULT_WAIT_MS
from penholder_protocol.nouns import AcknowledgedInput, Finding, Input, Page
from penholder_protocol.nouns.words import Cursor, ListLimit, Sequence, WaitMs, WorkerId

room = Room("input")

_BOTH = (CONTROL, RUNTIME)


@room.wait(sockets=_BOTH, errors=(WorkerNotFound,))
def next_(
    rx: Rx,
    *,
    worker_id: WorkerId,
    timeout_ms: WaitMs = DEFAULT_WAIT_MS,  # noqa: ARG001 - the shell keeps the time
) -> Waiting[Input | None]:
    """Return the oldest input that the worker has not acknowledged, as soon as there is one.

    Null at the timeout. Asked again without input.ack it answers the same one.
    """
    workers.require_controller_id(rx, worker_id)
    found = records.oldest_open(rx, worker_id)
    return Waiting(found, ready=found is not None, streams=(streams.inputs(worker_id),))


@room.mutation(sockets=_BOTH, errors=(WorkerNotFound, InputNotFound))
def ack(tx: Tx, *, worker_id: WorkerId, seq: Sequence) -> AcknowledgedInput:
    """Acknowledge all inputs up to a number; it never goes back.

    A lower number than before changes nothing: the answer says which one stands. A number that was
    not sent yet is INPUT_NOT_FOUND.
    """
    workers.require_controller_id(tx, worker_id)
    return AcknowledgedInput(seq=records.acknowledge(tx, worker_id, seq))


@room.query(sockets=_BOTH, errors=(WorkerNotFound,))
def list_(
    rx: Rx,
    *,
    worker_id: WorkerId,
    after_seq: Sequence = 0,
    limit: ListLimit = DEFAULT_LIST_LIMIT,
    cursor: Cursor | None = None,
) -> Page[Input]:
    """List a worker's inputs, oldest first, after a number; acknowledged ones too.

    Of the acknowledged the newest MAX_KEPT_INPUTS (1,000) are kept.
    """
    workers.require_controller_id(rx, worker_id)
    return records.INPUTS.oldest_first(rx, limit, cursor, after=after_seq, worker_id=worker_id)


@room.check
def check(rx: Rx) -> Iterator[Finding]:
    """Every input has a number that was given, and what is open is counted."""
    return records.findings(rx)
