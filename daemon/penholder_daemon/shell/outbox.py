"""What a connection has to send: answers of a batch are joined and sent in one call.

There is no sender task unless the socket is full.
"""

from collections.abc import Callable

import trio
from trio_jsonrpc.transport import TransportClosed

from penholder_daemon.shell.transport import Transport
from penholder_protocol.limits import HIGH_WATER_BYTES, MAX_UNSENT_BYTES


class Outbox:
    """Lines on their way to one peer."""

    def __init__(
        self, transport: Transport, nursery: trio.Nursery, on_lost: Callable[[str], None]
    ) -> None:
        """`on_lost` hears why nothing more can be sent."""
        self._transport = transport
        self._nursery = nursery
        self._on_lost = on_lost
        self._lines: list[bytes] = []
        self._is_sending = False
        self._taken = trio.Event()
        self.unsent_bytes = 0

    def put(self, line: bytes) -> None:
        """Queue a line; `flush` sends it."""
        self._lines.append(line)
        self._lines.append(b"\n")
        self.unsent_bytes += len(line) + 1
        if self.unsent_bytes > MAX_UNSENT_BYTES:
            self._on_lost(f"the peer has stopped reading (MAX_UNSENT_BYTES = {MAX_UNSENT_BYTES})")

    def flush(self) -> None:
        """Send what is queued, as far as the kernel takes it, and leave the rest to a task."""
        if self._is_sending or not self._lines:
            return
        data = b"".join(self._lines)
        self._lines.clear()
        try:
            sent = self._transport.try_send(data)
        except TransportClosed:
            self._on_lost("the peer is gone")
            return
        self.unsent_bytes -= sent
        if sent < len(data):
            self._is_sending = True
            self._nursery.start_soon(self._send, data[sent:])

    async def _send(self, data: bytes) -> None:
        while data:
            try:
                await self._transport.send(data)
            except TransportClosed:
                self._on_lost("the peer is gone")
                return
            self.unsent_bytes -= len(data)
            data = b"".join(self._lines)
            self._lines.clear()
            self._tell_taken()
        self._is_sending = False

    def _tell_taken(self) -> None:
        self._taken.set()
        self._taken = trio.Event()

    @property
    def is_full(self) -> bool:
        """Whether the peer should take some before more is made."""
        return self.unsent_bytes > HIGH_WATER_BYTES

    async def until_taken(self) -> None:
        """Wait until it is not full any more."""
        while self.is_full:
            await self._taken.wait()

    async def until_empty(self) -> None:
        """Wait until all was sent."""
        while self.unsent_bytes > 0:
            await self._taken.wait()


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
        touched, self._touched = self._touched, {}
        for outbox in touched:
            outbox.flush()
