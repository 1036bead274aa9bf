"""What a connection has to send: answers of a batch are joined and sent in one call.

A sender task for each connection would be the plain way, and costs a switch of tasks for each
answer. Nearly always the kernel takes at once what there is. So whoever has put lines sends them
itself (`flush`), and only where the socket is full does a task begin that waits for it. While that
one sends, `flush` does nothing: two senders would mix their frames.

Lines are put one by one and sent at the end of a delivery (`Flusher`), so all answers of a commit
are one call. They are joined up to a size that fills a socket's buffer. More would be a second copy
of all that a slow peer has not taken.

What is unsent counts in the connection's account until the kernel has it. That is what holds
reading and answering back. A peer that never takes it is found by `lags_ms`: since when more has
been left unsent than may be.
"""

from collections.abc import Callable

import trio
from trio_jsonrpc.transport import TransportClosed

from penholder_daemon.shell.connections.transport import Transport
from penholder_daemon.shell.fairness.accounts import Account
from penholder_protocol.limits import HIGH_WATER_BYTES, MAX_LAG_BYTES

_AT_ONCE_BYTES = 256 << 10
"""What is joined for one call: enough to fill a socket's buffer, not a second copy of it all."""
Spawn = Callable[..., None]
"""Starts a task of the connection, unless the connection is over: (async function, *arguments)."""


class Outbox:
    """Lines on their way to one peer."""

    def __init__(
        self,
        transport: Transport,
        spawn: Spawn,
        account: Account,
        on_lost: Callable[[str], None],
        on_lag: Callable[[], None],
        touch: Callable[["Outbox"], None],
    ) -> None:
        """`on_lost` hears why nothing more can be sent, `on_lag` that `lags_ms` begins to grow.

        `touch` is called when there is something to flush.
        """
        self._transport = transport
        self._spawn = spawn
        self._account = account
        self._on_lost = on_lost
        self._on_lag = on_lag
        self._touch = touch
        self._is_touched = False
        self._lines: list[bytes] = []
        self._is_sending = False
        self._is_closed = False
        self._taken: trio.Event | None = None
        """Made by who waits for it."""
        self.lags_since: float | None = None
        """Since when the peer has left more than MAX_LAG_BYTES unsent."""

    def put(self, line: bytes | None) -> None:
        """Queue a line, or None where nobody is to be told anything; `flush` sends it."""
        # What was underway when the connection ended is answered later, to nobody.
        if line is None or self._is_closed:
            return
        self._lines.append(line)
        self._lines.append(b"\n")
        if not self._is_touched:
            self._is_touched = True
            self._touch(self)
        account = self._account
        account.hold_unsent(len(line) + 1)
        if account.unsent_bytes > MAX_LAG_BYTES and self.lags_since is None:
            self.lags_since = trio.current_time()
            self._on_lag()

    def flush(self) -> None:
        """Send what is queued, as far as the kernel takes it, and leave the rest to a task."""
        self._is_touched = False
        account = self._account
        while self._lines and not self._is_sending and not self._is_closed:
            if account.unsent_bytes <= _AT_ONCE_BYTES:  # as nearly always, and as `_next` would
                data = b"".join(self._lines)
                self._lines.clear()
            else:
                data = self._next()
            try:
                sent = self._transport.try_send(data)
            except TransportClosed:
                self._on_lost("the peer is gone")
                return
            self._note_taken(sent)
            if sent < len(data):
                # Said here, not by the task, which begins later: another flush in between would
                # send out of order.
                self._is_sending = True
                self._spawn(self._send, data[sent:])

    async def _send(self, data: bytes) -> None:
        while data and not self._is_closed:
            try:
                await self._transport.send(data)
            except TransportClosed:
                self._on_lost("the peer is gone")
                return
            self._note_taken(len(data))
            data = self._next()
        # Nothing was awaited since there was nothing left, so no line is forgotten.
        self._is_sending = False

    def _next(self) -> bytes:
        """Take lines to be sent in one call, the first whatever its size."""
        size = count = 0
        for line in self._lines:
            size += len(line)
            # Or a line that is larger than this would never be sent.
            if count and size > _AT_ONCE_BYTES:
                break
            count += 1
        lines, self._lines = self._lines[:count], self._lines[count:]
        return b"".join(lines)

    def _note_taken(self, size: int) -> None:
        if not size:
            return
        self._account.hold_unsent(-size)
        if self.lags_since is not None and self.unsent_bytes <= MAX_LAG_BYTES:
            self.lags_since = None
        if self._taken is not None:
            # An event is set once and thrown away: who still has to wait makes the next.
            self._taken.set()
            self._taken = None

    @property
    def unsent_bytes(self) -> int:
        """What the peer has not taken yet."""
        return self._account.unsent_bytes

    @property
    def lags_ms(self) -> float:
        """For how long the peer has left more than MAX_LAG_BYTES unsent."""
        return 0 if self.lags_since is None else (trio.current_time() - self.lags_since) * 1000

    @property
    def is_full(self) -> bool:
        """Whether the peer should take some before more is made."""
        return self._account.unsent_bytes > HIGH_WATER_BYTES

    async def until_taken(self) -> None:
        """Wait until it is not full any more."""
        while self.is_full:
            await self._until_some_taken()

    async def until_empty(self) -> None:
        """Wait until all was sent."""
        while self.unsent_bytes > 0:
            await self._until_some_taken()

    async def _until_some_taken(self) -> None:
        if self._taken is None:
            self._taken = trio.Event()
        await self._taken.wait()

    def close(self) -> None:
        """Send nothing more, and take nothing more."""
        self._is_closed = True
        self._lines.clear()


class Flusher:
    """The outboxes with something new, flushed once at the end of a delivery."""

    def __init__(self) -> None:
        """Start with none."""
        self._touched: dict[Outbox, None] = {}

    def touch(self, outbox: Outbox) -> None:
        """Have an outbox flushed at the next `flush`."""
        self._touched[outbox] = None

    def flush(self) -> None:
        """Flush them all."""
        # Taken first: what is touched from now on waits for the next flush.
        touched, self._touched = self._touched, {}
        for outbox in touched:
            outbox.flush()
