"""A connection of somebody who stays, in the thread that serves them all; nothing here waits."""

import select
import socket
from collections import deque
from collections.abc import Callable

from penholder.cli.run.endpoint import Peer
from penholder.cli.run.loop import Loop

_READ_BYTES = 64 << 10
_LAST_WORDS_WITHIN_S = 5.0


def _ignore(_chunk: bytes) -> None:
    """Take what nobody waits for."""


class Connection:
    """One peer: what it says goes to whoever `receive`s, what is for it waits until it reads."""

    def __init__(self, loop: Loop, accepted: socket.socket, peer: Peer) -> None:
        """Take a socket that was accepted, in the loop's thread."""
        self.peer = peer
        self._loop = loop
        self._socket = accepted
        self._socket.setblocking(False)
        self._descriptor = accepted.fileno()
        self._gone: list[Callable[[], None]] = []
        self._take: Callable[[bytes], None] = _ignore
        self._unsent: deque[bytes] = deque()
        self.unsent_bytes = 0
        """What waits until the peer reads."""
        self._is_paused = False
        self._is_ending = False
        self.is_closed = False
        self._watch()

    def receive(self, take: Callable[[bytes], None]) -> None:
        """Have what comes from now on taken by somebody else."""
        self._take = take

    def take(self, chunk: bytes) -> None:
        """Treat bytes as if they had just come."""
        if not self.is_closed:
            self._take(chunk)

    def when_closed(self, gone: Callable[[], None]) -> None:
        """Call somebody when it is closed, from whichever side."""
        self._gone.append(gone)

    def pause(self) -> None:
        """Read no more for now; that the peer goes is noticed all the same."""
        self._is_paused = True
        self._watch()

    def resume(self) -> None:
        """Read on."""
        self._is_paused = False
        self._watch()

    def send(self, data: bytes) -> None:
        """Send as soon as the peer reads. Who sends much looks at `unsent_bytes` first."""
        if self.is_closed or not data:
            return
        self._unsent.append(data)
        self.unsent_bytes += len(data)
        self._send_some()

    def drop_unsent(self) -> None:
        """Forget what waits, but for the rest of what has been sent in part."""
        begun = self._unsent[0] if self._unsent else b""
        self._unsent.clear()
        if begun:
            self._unsent.append(begun)
        self.unsent_bytes = len(begun)

    def close_after_sending(self) -> None:
        """Close when all is sent; who does not read is not waited for long."""
        self._is_ending = True
        self.receive(_ignore)
        if self._unsent:
            self._loop.after(_LAST_WORDS_WITHIN_S, self.close)
        else:
            self.close()

    def close(self) -> None:
        """Close it now."""
        if self.is_closed:
            return
        self.is_closed = True
        self._loop.unwatch(self._descriptor)
        self._socket.close()
        for gone in self._gone:
            gone()

    def _watch(self) -> None:
        if self.is_closed:
            return
        events = 0 if self._is_paused else select.EPOLLIN
        events |= select.EPOLLOUT if self._unsent else 0
        self._loop.watch(self._descriptor, events, self._ready)

    def _ready(self, events: int) -> None:
        if events & select.EPOLLOUT:
            self._send_some()
        if events & select.EPOLLIN and not self.is_closed:
            self._read()
        elif events & (select.EPOLLHUP | select.EPOLLERR):
            self.close()

    def _read(self) -> None:
        try:
            chunk = self._socket.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if chunk:
            self._take(chunk)
        else:
            self.close()

    def _send_some(self) -> None:
        try:
            while self._unsent:
                sent = self._socket.send(self._unsent[0], socket.MSG_NOSIGNAL)
                self.unsent_bytes -= sent
                rest = self._unsent.popleft()[sent:]
                if rest:
                    self._unsent.appendleft(rest)
        except BlockingIOError:
            self._watch()
            return
        except OSError:
            self.close()
            return
        if self._is_ending:
            self.close()
        else:
            self._watch()
