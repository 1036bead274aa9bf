"""The pen: the lock of all who write, and how a transaction that has it begins."""

from typing import NamedTuple

import msgspec

from penholder_daemon.core import places, server_clock
from penholder_daemon.core.store import Row, Since, StoreFault, integer
from penholder_daemon.shell.store.postgres.connecting import LOCK_MS, NOT_WHOLE

PEN = 0x50454E31
"""The key of the lock that every writer takes."""
BEGIN_TO_WRITE = (
    f"BEGIN; SELECT pg_advisory_xact_lock({PEN}), pg_current_xact_id();"
    " SELECT pg_snapshot_xmin(pg_current_snapshot())"
)
"""The lock, the number of this transaction, and of those under way then the lowest."""
TAKE_PEN = f"SELECT * FROM take_pen({PEN}, $1, $2, $3)"
"""The same as a daemon, whose host and known position are given, and whether others are told of the
commit: with the time, what its host is, and what others have done."""
FREE_PEN = (
    "SELECT pg_terminate_backend(a.pid) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
    " WHERE l.locktype = 'advisory' AND l.classid = 0 AND l.objsubid = 1 AND l.granted"
    f" AND l.objid = {PEN}"
    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND a.wait_event IS DISTINCT FROM 'SyncRep'"
    f" AND a.xact_start < clock_timestamp() - CAST('{LOCK_MS} ms' AS INTERVAL)"
)
"""Nothing else ends one that stands still amid what it is sent. One that waits for a standby must
not be ended: it would be told to be committed though the standby has nothing of it."""


class Taken(NamedTuple):
    """What is seen under the lock as a transaction begins."""

    number: int
    oldest: int
    server_ms: int
    host: Row
    """The state and the start of this daemon's host."""
    is_left: bool
    """Whether others have left something for it to do."""
    since: Since


def read_taken(row: Row) -> Taken:
    """Read what taking it has found; raises StoreFault where a row is missing that always is."""
    number, oldest, server_ms, state, started_at, changed, pos, heads, placed, mark, left = row
    if placed is None:
        raise StoreFault(NOT_WHOLE)
    since = Since(
        integer(changed),
        integer(pos),
        None if heads is None else _heads(str(heads)),
        [
            (places.PLACED, (placed,)),
            (server_clock.MARK, None if mark is None else tuple(_mark(str(mark)))),
        ],
    )
    return Taken(
        number=integer(number),
        oldest=integer(oldest),
        server_ms=integer(server_ms),
        host=(state, started_at),
        is_left=left == 1,
        since=since,
    )


_heads = msgspec.json.Decoder(list[tuple[str, int]]).decode
_mark = msgspec.json.Decoder(list[str | int | None]).decode
