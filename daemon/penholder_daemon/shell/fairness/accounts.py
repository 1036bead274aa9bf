"""Who holds how many bytes: one account a connection, and the sum over all of them.

A limit for each connection is not enough: thousands that each stay within theirs fill the memory. A
limit over all is not enough either: whoever comes last would pay for whoever holds most. And to
count answers after they are made is too late, since a peer that pipelines and never reads has all
of them made first.

Counted is what a peer can make the daemon hold: the frame it has begun, the params of its open
requests, its subscriptions, the answers that wait for the rest of their batch, and what it has not
taken. A peer that only sends, or never reads, is first not served on (its own limits), then less
than it could have (the limits under pressure, which it shares with all others), and ended where all
of them together hold too much and it holds the most. Who reads is never ended: nothing is made for
it before it has room, so what it holds stays small.

Work that is kept back is resumed, not polled: whoever finds no room says so (`is_waited_for`), and
what makes room tells it (`when_room`).

Answers are made on other threads. What the writer has made for a connection and the loop has not
delivered yet is the difference of two counters, each of which only one thread ever writes; so
`has_room` may be asked on any thread without a lock. What it says may be a moment old.
"""

from collections.abc import Callable

import structlog

from penholder_protocol.errors import ConnectionTooLarge, PenholderError
from penholder_protocol.limits import (
    CONNECTION_KEEPS_BYTES,
    MAX_CONNECTION_BYTES,
    MAX_HELD_BYTES,
    MAX_LAG_BYTES,
    PRESSED_BYTES,
)

log = structlog.get_logger()

EndPeer = Callable[[PenholderError], None]
"""Tells the peer why it is ended, and ends it."""


class Accounts:
    """All accounts, and what they come to."""

    def __init__(self) -> None:
        """Start with nobody holding anything."""
        self._open: dict[Account, None] = {}
        self.held_bytes = 0
        self._spare_bytes = 0
        """How much may come before it is worth to look again who holds most."""

    def open(self, end: EndPeer) -> "Account":
        """Open an account for a connection; `end` is called if it holds most and all too much."""
        account = Account(self, end)
        self._open[account] = None
        return account

    def forget(self, account: "Account") -> None:
        """Count an account no more."""
        self._open.pop(account, None)

    @property
    def is_pressed(self) -> bool:
        """Whether every connection is kept to what it may hold in any case."""
        return self.held_bytes >= PRESSED_BYTES

    def end_largest(self, by_bytes: int) -> None:
        """End the connection that holds most, since with so much more all hold too much."""
        self._spare_bytes -= by_bytes
        if not self._open or self._spare_bytes > 0:
            return
        largest = max(self._open, key=lambda each: each.held_bytes)
        # Nobody is ended for what every connection may hold, even if all of them together are too
        # much.
        if largest.held_bytes <= CONNECTION_KEEPS_BYTES:
            # Looking at thousands of accounts at every change would stall everybody.
            self._spare_bytes = CONNECTION_KEEPS_BYTES
            return
        log.warning("a connection holds too much and is ended", held_bytes=largest.held_bytes)
        largest.end(
            ConnectionTooLarge(
                "all connections together hold more than MAX_HELD_BYTES"
                f" ({MAX_HELD_BYTES}) and this one holds most ({largest.held_bytes}): read the"
                " answers as they come, and keep fewer or smaller requests open",
                limit="MAX_HELD_BYTES",
                maximum=MAX_HELD_BYTES,
            )
        )


class Account:
    """What one connection makes the daemon hold; all but two counters is the loop's."""

    def __init__(self, accounts: Accounts, end: EndPeer) -> None:
        """Hold nothing; `Accounts.open` makes one."""
        self._accounts = accounts
        self._end = end
        self._resume: list[Callable[[], None]] = []
        self._is_closed = False
        self.unfinished_bytes = 0
        """Of a frame that is not complete yet."""
        self.params_bytes = 0
        """Of requests that are not answered yet."""
        self.subscribed_bytes = 0
        """Of its subscriptions."""
        self.collected_bytes = 0
        """Answers of batches that are not complete yet."""
        self.unsent_bytes = 0
        """Answers and notifications that the peer has not taken."""
        self.written_bytes = 0
        """Answers that the writer has made, ever; only the writer's thread adds to it."""
        self.delivered_bytes = 0
        self.queued = 0
        """Mutations that wait for the writer or are being written."""
        self.queued_bytes = 0
        """Of their params."""
        self.is_waited_for = False
        """Whether something is kept back until there is room; any thread may say so."""

    # --- what is held -------------------------------------------------------------------------
    @property
    def held_bytes(self) -> int:
        """All of it."""
        asked_bytes = self.unfinished_bytes + self.params_bytes + self.subscribed_bytes
        return asked_bytes + self.collected_bytes + self.unsent_bytes

    def set_unfinished(self, size: int) -> None:
        """So much of a frame has come."""
        by_bytes = size - self.unfinished_bytes
        if by_bytes:
            self.unfinished_bytes = size
            self._changed(by_bytes)

    def hold_params(self, by_bytes: int) -> None:
        """A request is open, or (negative) answered."""
        self.params_bytes += by_bytes
        # As `_changed` does, without a call more for each request; so below.
        accounts = self._accounts
        accounts.held_bytes += by_bytes
        if by_bytes > 0 and accounts.held_bytes > MAX_HELD_BYTES:
            accounts.end_largest(by_bytes)

    def hold_subscribed(self, by_bytes: int) -> None:
        """A subscription has begun, or (negative) ended."""
        self.subscribed_bytes += by_bytes
        self._changed(by_bytes)

    def hold_collected(self, by_bytes: int) -> None:
        """An answer waits for its batch, or (negative) its batch goes out."""
        self.collected_bytes += by_bytes
        self._changed(by_bytes)

    def hold_unsent(self, by_bytes: int) -> None:
        """Something is to be sent, or (negative) the peer has taken it."""
        self.unsent_bytes += by_bytes
        accounts = self._accounts
        accounts.held_bytes += by_bytes
        if by_bytes > 0 and accounts.held_bytes > MAX_HELD_BYTES:
            accounts.end_largest(by_bytes)
        if self.is_waited_for:
            self._tell_room()

    def delivered(self, size: int) -> None:
        """An answer of the writer's has come to the loop, and is held or gone by now."""
        self.delivered_bytes += size
        if self.is_waited_for:
            self._tell_room()

    def _changed(self, by_bytes: int) -> None:
        accounts = self._accounts
        accounts.held_bytes += by_bytes
        # Who lets go of something is not ended for what the others hold.
        if by_bytes > 0 and accounts.held_bytes > MAX_HELD_BYTES:
            accounts.end_largest(by_bytes)

    # --- what follows from it -----------------------------------------------------------------
    @property
    def may_take(self) -> bool:
        """Whether more requests may be taken from the peer."""
        held = self.params_bytes
        # What every connection may hold in any case, as most do, always.
        if held < CONNECTION_KEEPS_BYTES:
            return True
        return held < MAX_CONNECTION_BYTES and not self._accounts.is_pressed

    @property
    def has_room(self) -> bool:
        """Whether more answers may be made for the peer; any thread may ask.

        With nothing unsent, what is collected can only go out when the rest of its batch is made:
        there is room then, and the limit over all connections is what holds.
        """
        # A closed account has room for all: what it asked for before is written, and must not stay
        # in the writer's queue, where the end of the connection would wait for it.
        unsent = self.unsent_bytes + self.written_bytes - self.delivered_bytes
        unread = unsent + self.collected_bytes
        # What every connection may hold in any case, as most do, always.
        if unread <= CONNECTION_KEEPS_BYTES or not unsent or self._is_closed:
            return True
        return unread <= self._most_unread

    def has_room_for(self, size: int) -> bool:
        """Whether entries of so many bytes may be sent that the peer has not asked for just now."""
        return not self.unsent_bytes or self.unsent_bytes + size <= self._most_unread

    @property
    def _most_unread(self) -> int:
        return CONNECTION_KEEPS_BYTES if self._accounts.is_pressed else MAX_LAG_BYTES

    def when_room(self, resume: Callable[[], None]) -> None:
        """Have a function called in the loop when there is room again for what was kept back."""
        self._resume.append(resume)

    def _tell_room(self) -> None:
        if self.has_room:
            # Before it is told: who still finds no room then says so again, and is not forgotten.
            self.is_waited_for = False
            for resume in self._resume:
                resume()

    # --- its end ------------------------------------------------------------------------------
    def end(self, why: PenholderError) -> None:
        """End the peer; what it held counts no more from now on."""
        # First: ending the peer puts one more line into its outbox, which must not count as held.
        self.close()
        self._end(why)

    def close(self) -> None:
        """The connection is over: it holds nothing, and nothing is kept back for it."""
        if not self._is_closed:
            self._accounts.held_bytes -= self.held_bytes
            self._accounts.forget(self)
            self._is_closed = True
            # What is still let go or held for it is nobody's business any more.
            self._accounts = Accounts()
            if self.is_waited_for:
                self._tell_room()


def unlimited() -> Account:
    """Make an account of the daemon's own: nothing is kept back for it."""
    account = Account(Accounts(), lambda _: None)
    account.close()
    return account
