"""Rows in pieces.

libpq would fetch all that a statement answers before the first is seen, and a list of six may be
cut from a journal of millions. So the first rows are asked for with a limit, and where there are
more the whole is asked for anew through a cursor of the server's. Not the rest: two plans need not
agree on an order that the statement does not name.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import count
from typing import Protocol

import psycopg

from penholder_daemon.core.store import Row, SqlValue, StoreFault

_PIECE = 64
_NEXT_PIECE = 256
_numbers = count()


class Asked(Protocol):
    """Who is asked."""

    transactions: int

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""

    def fetch(self, text: str, values: Sequence[SqlValue] = ()) -> list[Row]:
        """Run a statement and return all its rows."""


def rows(asked: Asked, text: str, values: Sequence[SqlValue]) -> Iterator[Row]:
    """Run a statement that only reads, and yield its rows."""
    first = asked.fetch(f"SELECT * FROM ({text}) all_rows LIMIT {_PIECE}", values)
    if len(first) < _PIECE:
        yield from first
    else:
        yield from _by_cursor(asked, text, values)


def _by_cursor(asked: Asked, text: str, values: Sequence[SqlValue]) -> Iterator[Row]:
    name = f"rows_{next(_numbers)}"
    # Outside of a transaction it must be told to outlive the statement that makes it.
    hold = "" if asked.in_transaction else " WITH HOLD"
    then = asked.transactions
    asked.fetch(f"DECLARE {name} NO SCROLL CURSOR{hold} FOR {text}", values)
    try:
        more = True
        while more:
            piece = asked.fetch(f"FETCH FORWARD {_NEXT_PIECE} FROM {name}")
            yield from piece
            more = len(piece) == _NEXT_PIECE
    finally:
        # Where its transaction is over it is gone.
        if asked.transactions == then and (hold or asked.in_transaction):
            with suppress(StoreFault, psycopg.Error):
                asked.fetch(f"CLOSE {name}")
