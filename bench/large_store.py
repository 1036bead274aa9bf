"""A daemon's directory with a journal as long as one likes.

The journal is written straight into the tables, since ten million appends would take an hour.
"""

from contextlib import closing
from pathlib import Path

from bench.running_daemon import database, running_daemon
from penholder_daemon.core import places
from penholder_daemon.core.store import integer
from penholder_daemon.shell.store.database import WriterStore
from penholder_daemon.shell.store.opening import open_writer

WORKER = "w_big"
"""Half of all entries are its own, every second one."""
_OTHERS = 500
_AT_ONCE = 100_000
_STREAMS = f"""
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {_OTHERS})
INSERT INTO streams (name, parent, last_seq) SELECT 'worker:w' || i, 'controller:other', 0 FROM n
"""
# Numbered from 0: even ones are the worker's, the odd ones go round the others.
_ENTRIES = f"""
WITH RECURSIVE n (i) AS (SELECT :begin UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :end)
INSERT INTO journal (stream_id, seq, entry_id, ts, type, data)
SELECT
  iif(i % 2, :others + i / 2 % {_OTHERS}, :worker), iif(i % 2, i / 2 / {_OTHERS}, i / 2) + 1,
  printf('ev_%016x', i), '2026-01-01T00:00:00.000Z', 'output', '{{"text":"some words of output"}}'
FROM n
"""
_LASTS = """
UPDATE streams SET last_seq = coalesce(
  (SELECT max(seq) FROM journal_places p WHERE p.stream_id = streams.stream_id), last_seq)
"""


def make(directory: Path, events: int) -> Path:
    """Have a daemon make the worker, then fill its journal; returns the directory."""
    with running_daemon(directory) as daemon:
        daemon.make_worker(WORKER)
    with closing(open_writer(database(directory))) as store:
        _fill(store, events)
    return directory


def _fill(store: WriterStore, events: int) -> None:
    store.run(_STREAMS)
    worker, others = (_stream_id(store, name) for name in (f"worker:{WORKER}", "worker:w1"))
    for begin in range(0, events, _AT_ONCE):
        end = min(begin + _AT_ONCE, events)
        bounds = {"begin": begin, "end": end, "worker": worker, "others": others}
        store.connection.execute(_ENTRIES, bounds)
        store.connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    places.place(store)
    store.run(_LASTS)
    store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _stream_id(store: WriterStore, name: str) -> int:
    row = store.row("SELECT stream_id FROM streams WHERE name = ?", name)
    assert row is not None
    return integer(row[0])
