"""Whether there is room for one more row of a kind, counted no further than the limit.

Counting costs by the rows that are there, so it is done once in a mutation: a tx.apply of a
thousand calls counts once and adds up. What a call inside it has taken away since is counted anew
only where the limit seems to be reached.
"""

from penholder_daemon.core.store import SqlValue, integer
from penholder_daemon.core.transaction import Tx


def is_full(tx: Tx, rows: str, *values: SqlValue, most: int) -> bool:
    """Tell whether there are `most` rows already; the caller adds one if not.

    `rows` is what stands behind FROM.
    """
    kind = (rows, values)
    # What was not counted yet in this mutation is taken for full, so that it is counted now.
    there = tx.counted.get(kind, most)
    if there >= most:
        there = _count(tx, rows, *values, most=most)
    tx.counted[kind] = there + 1
    return there >= most


def _count(tx: Tx, rows: str, *values: SqlValue, most: int) -> int:
    row = tx.store.row(f"SELECT COUNT(*) FROM (SELECT 1 FROM {rows} LIMIT ?) p", *values, most)
    assert row is not None  # a count is always one row
    return integer(row[0])
