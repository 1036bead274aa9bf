"""Entries of a stream that another program numbered: they keep their ids, numbers and times.

Who worked with the other program has cursors of its streams, so a number must mean the same entry
here. The journal's own `append` would count anew, and tell of entries as if they were made now. So
rows are written as they are, and what `append` guarantees is held here instead: numbers follow each
other without a hole, and an entry that is there already is the same or a conflict.

A hole in the source is refused, for a stream has none. Where bad rows may be skipped it is filled
with entries that say so, and all others keep their numbers.

Where each stream ends is kept here while it is written to, and stored once at the end.
"""

from collections.abc import Mapping

from penholder_daemon.core import newest, places, positions, streams
from penholder_daemon.core.store import SqlValue, integer
from penholder_daemon.moving.skipping import SKIPPED, Skipping
from penholder_daemon.moving.target import Target, refuse_other
from penholder_daemon.refusals import Conflict

_MOST_MISSING = 100_000
_ID_CHARACTERS = 128


class Streams:
    """The streams that are written to; what they hold is read once and written back at the end."""

    def __init__(self, target: Target, skipping: Skipping) -> None:
        """Begin with none."""
        self._target = target
        self._skipping = skipping
        self._known: dict[str, _Stream] = {}
        self._pos = positions.last(target.store)

    def open_worker(self, worker_id: str, controller_id: str) -> None:
        """Make the stream of a worker that is to be added.

        Raises Conflict if a worker of this id was once here: ids of workers are never used again.
        """
        name = streams.worker(worker_id)
        parent = streams.controller(controller_id)
        if self._target.store.row("SELECT 1 FROM streams WHERE name = ?", name) is not None:
            raise Conflict(f"worker {worker_id!r} was here once and is removed; ids never return")
        self._target.store.run(
            "INSERT INTO streams (name, parent, last_seq) VALUES (?, ?, 0)", name, parent
        )

    def put(self, name: str, seq: int, entry: Mapping[str, SqlValue]) -> bool:
        """Add an entry as number `seq` of a stream; False if it is there, or pruned, already.

        Raises Conflict if another entry has this number or this id.
        """
        stream = self._stream(name)
        row = {"stream_id": stream.stream_id, "seq": seq, **entry}
        entry_id = entry["entry_id"]
        if stream.last_seq + 1 < seq <= stream.last_seq + _MOST_MISSING:
            self._fill(name, stream, seq, entry["ts"])
        if seq > stream.last_seq + 1:
            raise Conflict(
                f"event {entry_id!r} is number {seq} of {name}, which ends with {stream.last_seq}:"
                " what is between them is missing"
            )
        if seq <= stream.pruned_seq:
            self._target.present["events"] += 1
            return False
        if seq <= stream.last_seq:
            self._refuse_other(name, row)
            self._target.present["events"] += 1
            return False
        self._insert(row)
        stream.last_seq = seq
        if entry["type"] in (newest.OUTPUT, newest.SUMMARY):
            stream.newest[entry["type"]] = seq
        self._target.added["events"] += 1
        return True

    def _fill(self, name: str, stream: "_Stream", seq: int, ts: SqlValue) -> None:
        """Put an entry where each of those was that were skipped: a stream has no holes."""
        if not self._skipping.is_on:
            return
        for missing in range(stream.last_seq + 1, seq):
            why = f"an entry of type {SKIPPED} stands for what is not moved"
            self._skipping.skips(name, missing, why)
            row: dict[str, SqlValue] = {
                "stream_id": stream.stream_id,
                "seq": missing,
                # Cut in front: the number, by which they differ, is at the end.
                "entry_id": f"skipped_{name}_{missing}"[-_ID_CHARACTERS:],
                "ts": ts,
                "type": SKIPPED,
                "turn_id": None,
                "data": "{}",
                "raw": None,
            }
            self._insert(row)
            self._target.added["events"] += 1
        stream.last_seq = seq - 1

    def _insert(self, row: Mapping[str, SqlValue]) -> None:
        """Add a row at the next position, and its id beside it, which does not hold that."""
        entry_id = str(row["entry_id"])
        self._pos += 1
        store = self._target.store
        held = positions.of_entry_id(entry_id)
        if store.row("SELECT 1 FROM journal WHERE pos = ? AND entry_id = ?", held, entry_id):
            raise Conflict(f"entry {entry_id!r} is here already, of another stream or number")
        id_row: dict[str, SqlValue] = {"entry_id": entry_id, "pos": self._pos}
        self._target.insert("entry_ids", ("entry_id",), id_row)
        # Without an age: its `ts` stands for it where retention asks.
        self._target.insert("journal", ("entry_id",), {"pos": self._pos, **row})

    def close(self) -> None:
        """Write down where each stream ends now."""
        for stream in self._known.values():
            self._target.store.run(
                newest.COUNT,
                stream.last_seq,
                stream.newest.get(newest.OUTPUT),
                stream.newest.get(newest.SUMMARY),
                stream.stream_id,
            )
        places.place(self._target.store)

    def _refuse_other(self, name: str, row: Mapping[str, SqlValue]) -> None:
        found = self._target.store.row(
            f"SELECT {', '.join(row)} FROM journal WHERE pos = {places.of('?1', '?2')}",
            row["stream_id"],
            row["seq"],
        )
        assert found is not None  # a stream has no hole between what is pruned and its end
        refuse_other(f"entry {row['seq']!r} of {name} ({row['entry_id']!r})", row, found)

    def _stream(self, name: str) -> "_Stream":
        if name not in self._known:
            self._known[name] = _Stream(self._target, name)
        return self._known[name]


class _Stream:
    def __init__(self, target: Target, name: str) -> None:
        target.store.run(
            "INSERT INTO streams (name, last_seq) VALUES (?, 0) ON CONFLICT (name) DO NOTHING", name
        )
        row = target.store.row(
            "SELECT stream_id, last_seq, pruned_seq FROM streams WHERE name = ?", name
        )
        assert row is not None
        self.stream_id, self.last_seq, self.pruned_seq = (integer(each) for each in row)
        self.newest: dict[SqlValue, int] = {}
