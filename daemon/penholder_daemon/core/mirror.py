"""What was read of rows that are asked for at every call: exact, or not there.

Most calls ask the same few rows: whose worker it is, who has its seat, who owns its controller, up
to where its stream is numbered. Only the one writer writes, so what it has read stays true until it
writes something else itself. To have each door to a row tell of that would be fast and wrong some
day: the door that somebody forgot answers with what was. So nobody tells. Every statement of the
writer passes here first, and SQLite itself says of it which tables and columns it touches
(`Store.touched`), rows that go with others included; asked once for each text. What a statement
updates or deletes of what a read depends on is forgotten before it runs.

Absence is never kept. So a new row, which can only make something of nothing, changes nothing.

Where something is taken back (a refusal after a write, a lost transaction) all is forgotten: it may
have been read in between.
"""

from collections.abc import Iterator, Sequence
from typing import TypeVar, cast

from penholder_daemon.core.store import Known, Row, SqlValue, Store, Touched

T = TypeVar("T")
_MOST_ROWS = 50_000
"""Of each read; many more than are asked for at a time."""


class Mirror:
    """Rows that were read before."""

    def __init__(self, store: Store) -> None:
        """Begin with none."""
        self._store = store
        self._kept: dict[Known[object], dict[tuple[SqlValue, ...], object]] = {}
        self._depend: dict[Known[object], Touched] = {}

    def get(self, known: Known[T], *values: SqlValue) -> T | None:
        """Return what a read finds, from here if it was found before."""
        kept = self._kept.get(known)
        if kept is None:
            kept = self._begin_to_keep(known, values)
        found = kept.get(values)
        if found is None:
            row = self._store.row(known.sql, *values)
            if row is None:
                return None
            found = kept[values] = known.read(row)
        return found  # type: ignore[return-value]  # what `known` itself has read

    def held(self, known: Known[T], *values: SqlValue) -> T | None:
        """Return what is kept of a read, and look for nothing."""
        found: object = self._kept.get(known, {}).get(values)
        return cast("T | None", found)  # what `known` itself has read

    def put(self, known: Known[object], row: Row | None) -> None:
        """Keep what a read without values has found elsewhere."""
        kept = self._kept.get(known)
        if kept is None:
            kept = self._begin_to_keep(known, ())
        kept.clear()
        if row is not None:
            kept[()] = known.read(row)

    def _begin_to_keep(
        self, known: Known[object], values: Sequence[SqlValue]
    ) -> dict[tuple[SqlValue, ...], object]:
        self._depend[known] = self._store.touched(known.sql, values)
        kept = self._kept[known] = {}
        return kept

    def dependants(self, statement: Touched) -> tuple[Known[object], ...]:
        """Return the reads which a statement may change."""
        return tuple(
            known
            for known, depends in self._depend.items()
            if statement.updates & depends.reads
            or statement.deletes & {table for table, _ in depends.reads}
        )

    @property
    def known(self) -> int:
        """How many reads there are by now; with each of them, statements are looked at anew."""
        return len(self._depend)

    def forget(self, known: Known[object]) -> None:
        """Keep nothing of a read."""
        self._kept[known].clear()

    def clear(self) -> None:
        """Keep nothing at all."""
        for kept in self._kept.values():
            kept.clear()

    def trim(self) -> None:
        """Keep a bounded number of rows; to be called while nothing depends on them."""
        for kept in self._kept.values():
            if len(kept) > _MOST_ROWS:
                kept.clear()

    def differences(self) -> Iterator[str]:
        """Compare all that is kept with what is stored, and say where they differ."""
        for known, kept in self._kept.items():
            for values, found in kept.items():
                row: Row | None = self._store.row(known.sql, *values)
                if row is None or known.read(row) != found:
                    yield f"{known.sql} of {values!r} is {row!r}, and was held for {found!r}"
