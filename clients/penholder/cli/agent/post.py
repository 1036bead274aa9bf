"""Threads' work beside the conversation: turns out of the worker's post, answers to questions.

They wait for the daemon in calls of their own, over its restarts, and never in anybody's way. A
daemon that is away says nothing about them; what is refused for good ends them, as it ends the
run's sender too, which says so.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Protocol

from penholder import ConnectionLost, DaemonUnreachable
from penholder.blocking import Client
from penholder.cli.agent import told
from penholder_protocol.errors import PenholderError
from penholder_protocol.nouns import Approval, Input

_PAUSE_S = 0.2
_RECONNECT_S = 1.0
_WAIT_MS = 30_000


class Takes(Protocol):
    """Who takes inputs, one at a time."""

    def wait_until_ready(self) -> bool:
        """Wait until one is wanted; False where none will be."""

    def take(self, input_: Input, /) -> None:
        """Take one; what is not acknowledged comes again."""


class Post(threading.Thread):
    """Brings inputs, in their order."""

    def __init__(self, socket_path: str, taker: Takes) -> None:
        """Read at the worker's socket."""
        super().__init__(name="penholder-agent-post", daemon=True)
        self._client = Client(socket_path, reconnect_s=_RECONNECT_S)
        self._taker = taker
        self._closed = threading.Event()

    def run(self) -> None:
        """Bring them until it is closed."""
        while not self._closed.is_set() and self._taker.wait_until_ready():
            try:
                found = self._client.input.next(timeout_ms=_WAIT_MS)
            except (ConnectionLost, DaemonUnreachable):
                self._closed.wait(_PAUSE_S)
            except PenholderError as error:
                if not error.retryable:
                    return
                self._closed.wait(_PAUSE_S)
            else:
                if found is not None:
                    self._taker.take(found)

    def close(self) -> None:
        """End it, from any thread."""
        self._closed.set()
        self._client.close()


class Steers(threading.Thread):
    """Brings what is to be said within a turn, as it is sent, past what waits for turns."""

    def __init__(self, socket_path: str, steer: Callable[[Input], None]) -> None:
        """Read at the worker's socket."""
        super().__init__(name="penholder-agent-steers", daemon=True)
        self._client = Client(socket_path, reconnect_s=_RECONNECT_S)
        self._steer = steer
        self._sent: SimpleQueue[int | None] = SimpleQueue()

    def sent(self, seq: int, kind: str) -> None:
        """Hear that something was sent, from any thread."""
        if kind == told.STEER:
            self._sent.put(seq)

    def run(self) -> None:
        """Bring them until it is closed."""
        while (seq := self._sent.get()) is not None:
            # What cannot be read now stays in the post, as what waits for a turn does.
            with suppress(ConnectionLost, DaemonUnreachable, PenholderError):
                for each in self._client.input.list(after_seq=seq - 1, limit=1).items:
                    # Of those that were taken long ago the next that is kept would come.
                    if each.seq == seq and not each.acked:
                        self._steer(each)

    def close(self) -> None:
        """End it, from any thread."""
        self._sent.put(None)
        self._client.close()


class Waiting:
    """Waits for answers, each on a thread."""

    def __init__(self, socket_path: str) -> None:
        """Ask at the worker's socket."""
        self._socket_path = socket_path
        self._closed = threading.Event()
        self.decided: Callable[[Approval], None] = lambda _approval: None

    def wait_for(self, request_id: str) -> None:
        """Have the end of a question brought to `decided`."""
        threading.Thread(
            target=self._wait, args=(request_id,), name="penholder-agent-waiting", daemon=True
        ).start()

    def close(self) -> None:
        """Bring no more."""
        self._closed.set()

    def _wait(self, request_id: str) -> None:
        asked = {"request_id": request_id, "timeout_ms": _WAIT_MS}
        with Client(self._socket_path, reconnect_s=_RECONNECT_S) as client:
            while not self._closed.is_set():
                with suppress(ConnectionLost, DaemonUnreachable):
                    try:
                        approval = client.call("approval.wait", asked, Approval)
                    except PenholderError as error:
                        if not error.retryable:
                            return
                    else:
                        if approval.state != "pending":
                            self.decided(approval)
                            return
                        continue
                self._closed.wait(_PAUSE_S)
