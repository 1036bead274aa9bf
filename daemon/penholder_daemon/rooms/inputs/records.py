"""The tables of inputs: what was sent to each worker, and how far it has taken it.

Inputs are numbered for each worker, and two numbers say all of them: what was sent last, and up to
where the worker has acknowledged. What lies between is open. So an acknowledgement is one number
that only grows: one that comes late or twice says nothing new, and a worker that is started anew
finds before it what its predecessor has not taken.

The numbers are kept beside the inputs (`input_counts`), since inputs are deleted and a number never
comes again: of those that are acknowledged only the newest stay, else a worker that is steered for
years could not be removed. What is open is bounded by number and by bytes. The bytes are counted as
inputs come and go, since adding them up at each would cost by all that is open.
"""

from collections.abc import Iterator

import msgspec

from penholder_daemon.core import streams, verify
from penholder_daemon.core.effects import WakeWaiters
from penholder_daemon.core.store import Shape, integer, integer_in
from penholder_daemon.core.tables import Table
from penholder_daemon.core.transaction import Rx, Tx
from penholder_daemon.rooms.workers import records as workers
from penholder_protocol.errors import InputNotFound, TooManyInputs, WorkerStopped
from penholder_protocol.limits import MAX_KEPT_INPUTS, MAX_OPEN_INPUT_BYTES, MAX_OPEN_INPUTS
from penholder_protocol.nouns import Finding, Input
from penholder_protocol.nouns.words import JsonObject

INPUTS = Table(
    Shape(Input, acked="seq <= acked_seq"),
    "input",
    name="inputs JOIN input_counts USING (worker_id)",
    number="seq",
)
"""Lists are those of one worker, in the order in which it was sent to."""


class _Counts(msgspec.Struct, frozen=True):
    sent_seq: int = 0
    acked_seq: int = 0
    open_bytes: int = 0


def send(tx: Tx, worker_id: str, kind: str, data: JsonObject) -> Input:
    """Put something before a worker; raises WorkerStopped, or TooManyInputs where much is open."""
    worker = workers.require(tx, worker_id)
    if worker.state == "stopped":
        raise WorkerStopped(
            f"worker {worker_id} is stopped and takes no more input; send to another worker",
            worker_id=worker_id,
        )
    counts = _counts(tx, worker_id)
    text = bytes(data)
    _require_room(worker_id, counts, len(text))
    sent = Input(
        worker_id=worker_id,
        seq=counts.sent_seq + 1,
        kind=kind,
        data=data,
        created_at=tx.now,
        acked=False,
    )
    tx.store.run(
        "INSERT INTO input_counts (worker_id, sent_seq, acked_seq, open_bytes) VALUES (?, 1, 0, ?)"
        " ON CONFLICT (worker_id) DO UPDATE SET sent_seq = input_counts.sent_seq + 1,"
        " open_bytes = input_counts.open_bytes + excluded.open_bytes",
        worker_id,
        len(text),
    )
    tx.store.run(
        "INSERT INTO inputs (worker_id, seq, kind, data, created_at) VALUES (?, ?, ?, ?, ?)",
        worker_id,
        sent.seq,
        kind,
        text.decode(),
        tx.now,
    )
    workers.note(tx, worker, "worker.sent", seq=sent.seq, kind=kind)
    tx.after_commit(WakeWaiters(streams.inputs(worker_id)))
    return sent


def _require_room(worker_id: str, counts: _Counts, more_bytes: int) -> None:
    if counts.sent_seq - counts.acked_seq >= MAX_OPEN_INPUTS:
        limit, maximum = "MAX_OPEN_INPUTS", MAX_OPEN_INPUTS
    elif counts.open_bytes + more_bytes > MAX_OPEN_INPUT_BYTES:
        limit, maximum = "MAX_OPEN_INPUT_BYTES", MAX_OPEN_INPUT_BYTES
    else:
        return
    raise TooManyInputs(
        f"worker {worker_id} has not acknowledged {counts.sent_seq - counts.acked_seq} inputs of"
        f" {counts.open_bytes} bytes, and {limit} is {maximum}; send more once it has acknowledged"
        " some with input.ack",
        worker_id=worker_id,
        limit=limit,
        maximum=maximum,
    )


def oldest_open(rx: Rx, worker_id: str) -> Input | None:
    """Return what the worker is to take next."""
    return INPUTS.first(rx, "worker_id = ? AND seq > acked_seq ORDER BY seq LIMIT 1", worker_id)


def acknowledge(tx: Tx, worker_id: str, seq: int) -> int:
    """Note that a worker has taken all up to a number; returns up to which it has by now.

    That only grows. Raises InputNotFound for a number that was not sent yet.
    """
    counts = _counts(tx, worker_id)
    if seq > counts.sent_seq:
        raise InputNotFound(
            f"worker {worker_id} was sent no input {seq}; the last one is {counts.sent_seq}",
            worker_id=worker_id,
            seq=seq,
            last_seq=counts.sent_seq,
        )
    if seq <= counts.acked_seq:
        return counts.acked_seq
    taken = (
        "SELECT SUM(octet_length(data)) FROM inputs WHERE worker_id = ? AND seq > ? AND seq <= ?"
    )
    tx.store.run(
        "UPDATE input_counts SET acked_seq = ?, open_bytes = open_bytes - ? WHERE worker_id = ?",
        seq,
        integer_in(tx.store, taken, worker_id, counts.acked_seq, seq),
        worker_id,
    )
    oldest_kept = seq - MAX_KEPT_INPUTS
    tx.store.run("DELETE FROM inputs WHERE worker_id = ? AND seq <= ?", worker_id, oldest_kept)
    return seq


def delete_all(tx: Tx, worker_id: str) -> None:
    """Delete what was sent to a worker that is removed."""
    tx.store.run("DELETE FROM inputs WHERE worker_id = ?", worker_id)
    tx.store.run("DELETE FROM input_counts WHERE worker_id = ?", worker_id)
    # Who waits for its input learns that there will be none.
    tx.after_commit(WakeWaiters(streams.inputs(worker_id)))


def _counts(rx: Rx, worker_id: str) -> _Counts:
    row = rx.store.row(
        "SELECT sent_seq, acked_seq, open_bytes FROM input_counts WHERE worker_id = ?", worker_id
    )
    return _Counts() if row is None else _Counts(*map(integer, row))


def findings(rx: Rx) -> Iterator[Finding]:
    """Yield where the inputs are not as they are counted."""
    return verify.query(
        rx,
        {
            "inputs_numbered_by_their_workers": (
                "SELECT 'input ' || seq || ' of worker ' || worker_id || ' was never counted'"
                " FROM inputs LEFT JOIN input_counts c USING (worker_id)"
                " WHERE c.sent_seq IS NULL OR seq > c.sent_seq"
            ),
            "open_inputs_are_counted": (
                "SELECT 'worker ' || c.worker_id || ' has ' || COUNT(seq) || ' open inputs of '"
                " || COALESCE(SUM(octet_length(data)), 0) || ' bytes, and '"
                " || (sent_seq - acked_seq) || ' of ' || open_bytes || ' are counted'"
                " FROM input_counts c"
                " LEFT JOIN inputs i ON i.worker_id = c.worker_id AND i.seq > c.acked_seq"
                " GROUP BY c.worker_id"
                " HAVING COUNT(seq) <> sent_seq - acked_seq"
                " OR COALESCE(SUM(octet_length(data)), 0) <> open_bytes"
            ),
        },
    )
