"""The thread that speaks for the worker: appends what is in the backlog, beats the heart, detaches.

Every call has one idempotency key for all its attempts, so that nothing is lost or doubled while
the daemon is away, is busy or has no room on its disk. What the daemon refuses for good ends it.
"""

import threading
import time
from collections.abc import Callable
from uuid import uuid4

import msgspec

from penholder import ConnectionLost, DaemonUnreachable
from penholder.blocking import Client
from penholder.cli.run.backlog import Backlog
from penholder_protocol.errors import PenholderError
from penholder_protocol.nouns import Event, NewEvent, Page, Worker

HEARTBEAT_S = 10.0
_PAUSE_S = 0.2


class Farewell(msgspec.Struct, frozen=True):
    """How to detach: params of runtime.detach."""

    state: str
    last_error: str | None


class Sender(threading.Thread):
    """Sends until the backlog is over, then detaches with `farewell`, which must be set by then."""

    def __init__(
        self,
        client: Client,
        backlog: Backlog,
        is_stopped: Callable[[], bool],
        done: Callable[[Exception | None], None],
    ) -> None:
        """Take the client of the runtime socket, for this thread alone.

        `is_stopped` tells whether the worker is known to have stopped: its socket will not come
        back. `done` is called at the end, with what went wrong.
        """
        super().__init__(name="penholder-run-sender", daemon=True)
        self._client = client
        self._backlog = backlog
        self._is_stopped = is_stopped
        self._done = done
        self._given_up = threading.Event()
        self.farewell = Farewell("error", None)

    def give_up(self) -> None:
        """Stop trying, from another thread; a call that waits for the daemon fails at once."""
        self._given_up.set()
        self._client.close()

    def run(self) -> None:
        """Send."""
        error: Exception | None = RuntimeError("the sending thread failed")
        try:
            self._send_all()
            self._detach()
            error = None
        except (PenholderError, ConnectionLost, DaemonUnreachable) as failure:
            error = failure
        finally:
            self._backlog.abandon()
            self._done(error)

    def _send_all(self) -> None:
        next_beat = time.monotonic() + HEARTBEAT_S
        while not self._backlog.is_over:
            batch = self._backlog.take(max(0.0, next_beat - time.monotonic()))
            if batch:
                self._append(batch)
            if time.monotonic() >= next_beat:
                self._beat()
                next_beat = time.monotonic() + HEARTBEAT_S

    def _append(self, events: list[NewEvent]) -> None:
        self._insist("event.append_many", {"events": events}, Page[Event])

    def _detach(self) -> None:
        if self._backlog.is_abandoned:
            raise ConnectionLost("the last output was given up")
        farewell = msgspec.structs.asdict(self.farewell)
        try:
            self._insist("runtime.detach", farewell, Worker)
        except (ConnectionLost, DaemonUnreachable):
            # Detached into `stopped` before the daemon ended: the answer was all that got lost.
            if not self._is_stopped():
                raise

    def _beat(self) -> None:
        try:
            self._client.call("worker.heartbeat", {}, Worker)
        except (ConnectionLost, DaemonUnreachable):
            return
        except PenholderError as error:
            if not error.retryable:
                raise

    def _insist(
        self, method: str, params: dict[str, object], result_type: type[msgspec.Struct]
    ) -> None:
        """Call until it is done; raises what is refused for good."""
        keyed = {**params, "idempotency_key": uuid4().hex}
        while True:
            try:
                self._client.call(method, keyed, result_type)
            except (ConnectionLost, DaemonUnreachable):
                if self._given_up.is_set() or self._is_stopped():
                    raise
            except PenholderError as error:
                if not error.retryable or self._given_up.is_set():
                    raise
            else:
                return
            self._given_up.wait(_PAUSE_S)
