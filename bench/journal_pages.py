"""Pages of the journal: what is read of it, on a journal as long as one likes.

The journal is written straight into the tables, since a million appends would take minutes.
"""

from collections import Counter
from collections.abc import Iterator

from penholder_daemon.core import places
from penholder_daemon.core.store import SqlValue
from penholder_daemon.shell.store.database import WriterStore

WORKERS, TOPICS = 1000, 200
_STREAM = "INSERT INTO streams (stream_id, name, parent, last_seq) VALUES (?, ?, ?, ?)"
_ENTRY = (
    "INSERT INTO journal (pos, stream_id, seq, entry_id, ts, type, data)"
    " VALUES (?, ?, ?, ?, '2026-01-01T00:00:00.000Z', ?, '{\"text\":\"some words of output\"}')"
)
_NAMES: dict[str, list[str]] = {
    "one stream": ["worker:w0"],
    "a rare one": ["worker:w7"],
    "64 streams": [f"worker:w{number}" for number in range(64)],
    "children": ["controller:c0/workers"],
    "topics": ["topic:*"],
    "all": ["*"],
}
PAGES: dict[str, dict[str, object]] = {
    **{name: {"streams": streams} for name, streams in _NAMES.items()},
    **{
        f"{name}, rare types": {"streams": streams, "types": ["rare"]}
        for name, streams in _NAMES.items()
    },
}
"""The params of journal.read, but for where it begins."""


def fill(store: WriterStore, entries: int) -> None:
    """Write a journal: half one worker's, the rest the others', a hundredth of all topics'."""
    lengths: Counter[int] = Counter()
    connection = store.connection
    store.run("BEGIN IMMEDIATE")
    for number in range(WORKERS):
        connection.execute(
            _STREAM, (number + 1, f"worker:w{number}", f"controller:c{number % 2}", 0)
        )
    for number in range(TOPICS):
        connection.execute(_STREAM, (WORKERS + number + 1, f"topic:t{number}", None, 0))
    connection.executemany(_ENTRY, _rows(entries, lengths))
    connection.executemany(
        "UPDATE streams SET last_seq = ? WHERE stream_id = ?",
        [(length, stream_id) for stream_id, length in lengths.items()],
    )
    places.place(store)
    store.run("COMMIT")


def _rows(entries: int, lengths: Counter[int]) -> Iterator[tuple[SqlValue, ...]]:
    for pos in range(1, entries + 1):
        stream_id = _stream_of(pos)
        lengths[stream_id] += 1
        type_ = "rare" if pos % 100_000 == 0 else "output"
        yield pos, stream_id, lengths[stream_id], f"ev_{pos}", type_


def _stream_of(pos: int) -> int:
    if pos % 100 == 0:
        return WORKERS + 1 + pos // 100 % TOPICS
    return 1 if pos % 2 else 2 + pos // 2 % (WORKERS - 1)
