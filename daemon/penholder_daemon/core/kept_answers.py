"""The table of kept answers, and where in it each key's is: noted late and many at once.

Answers are numbered as they are kept, so the table grows at its end. Keys of several callers do
not: an index of them has a page of its own for each, as one of streams would (`places`). So it is
the same here: keys are noted in a table of ours some hundred at a time, and up to which answer they
are (`idempotency_noted`). The only difference is that a look for a key that is new must cost next
to nothing, since nearly all are: so the writer holds those that are not noted yet in memory
(`late_keys`), and looks for others among the noted ones alone.

An answer's number may come again when the newest ones are gone. So who deletes has all noted
before, and says anew up to where they are (`forget`).
"""

from typing import TypeAlias

from penholder_daemon.core.store import Row, Store, integer_in

Kept: TypeAlias = tuple[str, bytes | None]
"""The hash of the params under a key, and the answer if it is kept."""
Key: TypeAlias = tuple[str, str, str]
"""Scope, method and the caller's key."""

TABLES = ("idempotency_keys", "idempotency_noted")
AT_ONCE = 256
"""So many keys are noted together."""
KEEP = (
    "INSERT INTO idempotency (scope, method, key, params_hash, answer, kept_ms)"
    " VALUES (?, ?, ?, ?, ?, ?)"
)
_LATE = "number > (SELECT up_to FROM idempotency_noted WHERE number = 1)"
_NOTED = "SELECT number FROM idempotency_keys WHERE scope = ?1 AND method = ?2 AND key = ?3"
_FIND_NOTED = f"SELECT params_hash, answer FROM idempotency WHERE number = ({_NOTED})"
_FIND = (
    f"SELECT params_hash, answer FROM idempotency WHERE number = COALESCE(({_NOTED}),"
    f" (SELECT number FROM idempotency WHERE {_LATE}"
    " AND scope = ?1 AND method = ?2 AND key = ?3))"
)
_OLD = "number IN (SELECT number FROM idempotency ORDER BY number LIMIT ?2) AND kept_ms < ?1"
CHECKS = {
    "keys_are_noted": (
        "SELECT 'key ' || k.key || ' of ' || k.method || ' is noted for answer ' || k.number"
        " || ', which is not its own' FROM idempotency_keys k LEFT JOIN idempotency i"
        " ON i.number = k.number AND i.scope = k.scope AND i.method = k.method AND i.key = k.key"
        " WHERE i.number IS NULL"
        " UNION ALL SELECT 'answer ' || i.number || ' is not noted under its key'"
        " FROM idempotency i LEFT JOIN idempotency_keys k"
        " ON k.scope = i.scope AND k.method = i.method AND k.key = i.key"
        f" WHERE NOT i.{_LATE} AND k.number IS DISTINCT FROM i.number"
        " UNION ALL SELECT 'it is not known up to where keys are noted'"
        " WHERE NOT EXISTS (SELECT 1 FROM idempotency_noted)"
    ),
}


def kept(row: Row) -> Kept:
    """Make of the two columns what they say."""
    # The column of a STRICT table is a BLOB or null.
    return str(row[0]), row[1] if isinstance(row[1], bytes) else None


def find(store: Store, key: Key) -> Kept | None:
    """Return what is kept under a key."""
    row = store.row(_FIND, *key)
    return None if row is None else kept(row)


def find_noted(store: Store, key: Key) -> Kept | None:
    """Return the same for a key that is noted or new."""
    row = store.row(_FIND_NOTED, *key)
    return None if row is None else kept(row)


def late_keys(store: Store) -> set[Key]:
    """Return the keys that are not noted yet."""
    rows = store.rows(f"SELECT scope, method, key FROM idempotency WHERE {_LATE}")
    return {(str(scope), str(method), str(key)) for scope, method, key in rows}


def note(store: Store) -> None:
    """Note all keys."""
    store.run(
        "INSERT INTO idempotency_keys (scope, method, key, number) SELECT scope, method, key,"
        f" number FROM idempotency WHERE {_LATE} ORDER BY scope, method, key"
    )
    _say_up_to(store)


def forget(store: Store, before_ms: int, most: int) -> int:
    """Delete answers that were kept before, the oldest of all first; returns how many."""
    # Numbers are given in the order of ages, so the oldest are found without an index of ages,
    # which every call with a key would have to keep.
    if not integer_in(store, f"SELECT COUNT(*) FROM idempotency WHERE {_OLD}", before_ms, most):
        return 0
    note(store)
    store.run(
        "DELETE FROM idempotency_keys WHERE (scope, method, key) IN"
        f" (SELECT scope, method, key FROM idempotency WHERE {_OLD})",
        before_ms,
        most,
    )
    count = store.run(f"DELETE FROM idempotency WHERE {_OLD}", before_ms, most)
    _say_up_to(store)
    return count


def _say_up_to(store: Store) -> None:
    store.run(
        "UPDATE idempotency_noted SET up_to = COALESCE((SELECT MAX(number) FROM idempotency), 0)"
        " WHERE number = 1"
    )
