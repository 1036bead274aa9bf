"""A connection of psycopg's as it is used here: how it is waited for, and what it has prepared."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from time import monotonic
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen

from penholder_daemon.core.store import Row
from penholder_daemon.shell.store.postgres.loop_waiting import hand_in_loop

T = TypeVar("T")
_INTERVAL_SECONDS = 0.1


class Connection(psycopg.Connection[Row]):
    """One that a batch in the loop waits for without keeping the loop."""

    def __init__(self, *made: Any, **named: Any) -> None:  # it is psycopg that makes it
        """Begin with nothing prepared, and wait for as long as it takes."""
        super().__init__(*made, **named)
        self.trip_names: dict[str, bytes] = {}
        """Of each statement of a trip that is prepared, by its text."""
        self.trip_types: dict[str, tuple[int, ...]] = {}
        """Of which types the values of such a statement are, as far as it was asked for."""
        self._numbers = count()
        self.waits_since: float | None = None
        """Since when the server is waited for (monotonic)."""
        self.patience_seconds: float | None = None
        """How long it is waited for at most (`patience`)."""
        self.is_left_behind: Callable[[], bool] = lambda: False
        """Tells whether who writes may have gone to another server since (`leading`)."""

    @contextmanager
    def waiting_for_ever(self) -> Iterator[None]:
        """Wait for as long as it takes."""
        patience, self.patience_seconds = self.patience_seconds, None
        try:
            yield
        finally:
            self.patience_seconds = patience

    def take_notices(self) -> None:
        """Hand on what the server has told besides, as far as it was taken in."""
        hand_on = self.pgconn.notify_handler
        while (notice := self.pgconn.notifies()) is not None:
            if hand_on is not None:
                hand_on(notice)

    def new_trip_name(self) -> bytes:
        """Return one that no statement of this session has had."""
        return b"trip_%d" % next(self._numbers)

    def _deallocate(self, name: bytes | None) -> PQGen[None]:
        # psycopg has all of it forgotten, what is prepared here as well, after a rollback that it
        # sees or a change of the schema.
        if name is None:
            self.trip_names.clear()
        return super()._deallocate(name)

    def wait(
        self, gen: PQGen[T], interval: float = _INTERVAL_SECONDS, timeout: float | None = None
    ) -> T:
        """Go through what libpq has to do."""
        self.waits_since = monotonic()
        try:
            hand = hand_in_loop()
            if hand is None:
                return super().wait(gen, interval, timeout)
            return hand.follow(gen, self.pgconn.socket)
        finally:
            self.waits_since = None
