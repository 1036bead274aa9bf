"""One process that stores events as the daemon stores them, and does nothing else."""

from itertools import count, cycle
from pathlib import Path

from bench.clients.turns import Turn
from penholder_daemon.core import places
from penholder_daemon.shell.store.opening import open_writer

_ENTRY = (
    "INSERT INTO journal (stream_id, seq, entry_id, ts, type, data)"
    " VALUES (?, ?, ?, '2026-01-01T00:00:00.000Z', 'output', '{\"text\":\"x\"}')"
)
_LAST = "UPDATE streams SET last_seq = ? WHERE stream_id = ?"


def make_turn(path: Path, stream_ids: list[int], batch: int) -> Turn:
    """Append so many events, to the streams in turn, in each transaction."""
    store = open_writer(path)
    connection = store.connection
    lengths = dict.fromkeys(stream_ids, 0)
    streams = cycle(stream_ids)
    numbers = count()
    since_noted = [0]

    def rows() -> list[tuple[int, int, str]]:
        made = []
        for stream_id in (next(streams) for _ in range(batch)):
            lengths[stream_id] += 1
            made.append((stream_id, lengths[stream_id], f"ev_{stream_ids[0]}_{next(numbers)}"))
        return made

    def step() -> None:
        connection.execute("BEGIN IMMEDIATE")
        new = rows()
        connection.executemany(_ENTRY, new)
        lasts = {stream_id: (seq, stream_id) for stream_id, seq, _ in new}
        connection.executemany(_LAST, lasts.values())
        since_noted[0] += batch
        if since_noted[0] >= places.AT_ONCE:
            places.place(store)
            since_noted[0] = 0
        connection.execute("COMMIT")

    return step
