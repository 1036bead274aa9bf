"""The table of values. Keys are UTF-8 as bytes, which sort as code points and may hold NUL."""

from collections.abc import Iterator

from msgspec import Raw

from penholder_daemon.core.transaction import Rx, Tx
from penholder_protocol.limits import MAX_BULK_ROWS
from penholder_protocol.nouns import StateEntry


def write(tx: Tx, runner_id: str, binding_identity: str, entry: StateEntry) -> None:
    """Store a value in place of the one before it."""
    tx.store.run(
        "INSERT INTO state_entries"
        " (scope_key, key, runner_id, binding_identity, value, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (scope_key, key)"
        " DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at",
        entry.scope_key,
        entry.key.encode(),
        runner_id,
        binding_identity,
        bytes(entry.value).decode(),
        entry.updated_at,
    )


def find(rx: Rx, scope_key: str, key: str) -> tuple[Raw, str] | None:
    """Return a value and when it was stored."""
    row = rx.store.row(
        "SELECT value, updated_at FROM state_entries WHERE scope_key = ? AND key = ?",
        scope_key,
        key.encode(),
    )
    return None if row is None else (Raw(str(row[0])), str(row[1]))


def delete(tx: Tx, scope_key: str, key: str) -> bool:
    """Delete a value; False if there is none."""
    return bool(
        tx.store.run(
            "DELETE FROM state_entries WHERE scope_key = ? AND key = ?", scope_key, key.encode()
        )
    )


def keys(rx: Rx, scope_key: str, prefix: str, after: str | None, most: int) -> list[str]:
    """Return the first keys of a prefix after a key, in the order of their code points."""
    first = prefix.encode()
    condition = "scope_key = ? AND key >= ?"
    bounds = [first]
    if first:
        # No byte of UTF-8 is 0xff, so the next prefix differs in its last byte alone.
        condition += " AND key < ?"
        bounds.append(first[:-1] + bytes([first[-1] + 1]))
    if after is not None:
        condition += " AND key > ?"
        bounds.append(after.encode())
    rows = rx.store.rows(
        f"SELECT key FROM state_entries WHERE {condition} ORDER BY key LIMIT ?",
        scope_key,
        *bounds,
        most,
    )
    return [_text(row[0]) for row in rows]


def all_of(rx: Rx, scope_key: str) -> Iterator[tuple[str, Raw]]:
    """Yield every key of a scope with its value."""
    rows = rx.store.rows(
        "SELECT key, value FROM state_entries WHERE scope_key = ? ORDER BY key", scope_key
    )
    for key, value in rows:
        yield _text(key), Raw(str(value))


def clear(tx: Tx, runner_id: str | None, binding_identity: str | None) -> int:
    """Delete the values of a runner and binding, each of them any if None; returns how many."""
    filters = {"runner_id": runner_id, "binding_identity": binding_identity}
    given = {column: value for column, value in filters.items() if value is not None}
    condition = " AND ".join(f"{column} = ?" for column in given) or "TRUE"
    # No more than that it is noticed: there may be any number of them.
    return tx.store.run(
        "DELETE FROM state_entries WHERE number IN"
        f" (SELECT number FROM state_entries WHERE {condition} LIMIT ?)",
        *given.values(),
        MAX_BULK_ROWS + 1,
    )


def _text(key: object) -> str:
    assert isinstance(key, bytes)
    return key.decode()
