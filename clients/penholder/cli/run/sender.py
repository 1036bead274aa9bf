"""The thread that speaks for the worker: appends what is in the backlog, beats the heart, detaches.

What the store refuses for now, such as on a full disk, is told once: who looks at a terminal would
else see nothing but a command that does not end.

Output must neither be lost nor doubled, over restarts of the daemon, while it is busy, or while its
disk has no room. So each call has one idempotency key for all its attempts, and is tried again
until it is done (`_insist`). What the daemon refuses for good ends it: the seat was taken over, or
the worker is gone.

A daemon that is away and a worker that was stopped look alike from here: in both cases nobody
listens on the worker's socket. In the one case it comes back, in the other never. So whoever tries
again asks the control socket first (`is_stopped`).

An event that somebody else wrote may hold what no value can (a number past all bounds, a hundred
arrays in each other). It is mended where somebody can: one bad part must not drop the whole.

The heartbeat is of no such importance: one that is missed is followed by the next.

Whatever ends this thread, the backlog is abandoned with it: the reader would else wait for room
that nobody makes, and the command in its write.
"""

import threading
import time
from collections.abc import Callable
from uuid import uuid4

import msgspec

from penholder import ConnectionLost, DaemonUnreachable
from penholder.blocking import Client
from penholder.cli.run.acts import Result
from penholder.cli.run.backlog import Backlog
from penholder_protocol.errors import InvalidParams, PenholderError, StoreFailed, ValueTooLarge
from penholder_protocol.nouns import Event, NewEvent, Page, Worker

HEARTBEAT_S = 10.0
_PAUSE_S = 0.2
_UNFIT = (InvalidParams, ValueTooLarge)
_QUERIES = ("approval.list",)
"""What an act may ask: it changes nothing and takes no key."""


class Farewell(msgspec.Struct, frozen=True):
    """How to detach: params of runtime.detach."""

    state: str
    last_error: str | None


Mend = Callable[[NewEvent], NewEvent]
"""Makes of an event that was refused one that holds the same in another form."""


class Sender(threading.Thread):
    """Sends until the backlog is over, then detaches with `farewell`, which must be set by then."""

    def __init__(
        self,
        client: Client,
        backlog: Backlog,
        is_stopped: Callable[[], bool],
        done: Callable[[Exception | None], None],
        tell: Callable[[str], None] = lambda _: None,
        mend: Mend | None = None,
    ) -> None:
        """Take the client of the runtime socket, for this thread alone.

        `is_stopped` tells whether the worker is known to have stopped: its socket will not come
        back. `done` is called at the end, with what went wrong; `tell` with what a person should
        know meanwhile; `mend` with an event that cannot be stored.
        """
        super().__init__(name="penholder-run-sender", daemon=True)
        self._client = client
        self._backlog = backlog
        self._is_stopped = is_stopped
        self._done = done
        self._tell = tell
        self._mend = mend
        self._given_up = threading.Event()
        self.refusal: PenholderError | None = None
        """What the daemon says of what is still sent again and again."""
        self.farewell = Farewell("error", None)

    def give_up(self) -> None:
        """Stop trying, from another thread; a call that waits for the daemon fails at once."""
        self._given_up.set()
        self._client.close()

    def run(self) -> None:
        """Send."""
        # Stands unless something else is known: whatever happens, the loop is told of an end.
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
            # No longer than to the next beat: a command that says nothing is alive all the same.
            batch = self._backlog.take(max(0.0, next_beat - time.monotonic()))
            if not isinstance(batch, list):
                batch.carry_out(self._insist)
            elif batch:
                self._append(batch)
            if time.monotonic() >= next_beat:
                self._beat()
                next_beat = time.monotonic() + HEARTBEAT_S

    def _append(self, events: list[NewEvent]) -> None:
        try:
            self._insist("event.append_many", {"events": events}, Page[Event])
        except _UNFIT:
            if self._mend is None:
                raise
            # Whichever it was: of a batch that is refused nothing is stored.
            for event in events:
                self._append_mended(event, self._mend)

    def _append_mended(self, event: NewEvent, mend: Mend) -> None:
        try:
            self._insist("event.append_many", {"events": [event]}, Page[Event])
        except _UNFIT:
            self._insist("event.append_many", {"events": [mend(event)]}, Page[Event])

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
        self, method: str, params: dict[str, object], result_type: type[Result], /
    ) -> Result:
        """Call until it is done; raises what is refused for good."""
        # Made here and not by the client, whose own is for the attempts of one call of its.
        key = {} if method in _QUERIES else {"idempotency_key": uuid4().hex}
        keyed = {**params, **key}
        while True:
            try:
                result = self._client.call(method, keyed, result_type)
            except (ConnectionLost, DaemonUnreachable):
                if self._given_up.is_set() or self._is_stopped():
                    raise
            except PenholderError as error:
                if not error.retryable or self._given_up.is_set():
                    raise
                self._note_refusal(error)
            else:
                self._note_success()
                return result
            self._given_up.wait(_PAUSE_S)

    def _note_refusal(self, error: PenholderError) -> None:
        # Not where it is only busy: that passes, and says nothing to anybody.
        if isinstance(error, StoreFailed):
            if self.refusal is None:
                self._tell(f"the daemon cannot store the output, which waits: {error}")
            self.refusal = error

    def _note_success(self) -> None:
        if self.refusal is not None:
            self._tell("the daemon stores the output again")
        self.refusal = None
