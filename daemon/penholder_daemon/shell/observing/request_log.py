"""Where the time of a request went, and log lines of requests and commits that took long.

Every line of a request has its `request_id`: the JSON-RPC id that the client gave it, which the
journal's entries carry too.
"""

from collections.abc import Sequence
from time import perf_counter

import structlog

from penholder_daemon.core.caller import Caller
from penholder_daemon.core.commit import BatchOutcome
from penholder_daemon.shell.settings import Settings

log = structlog.get_logger()

_NAMED = 5
"""How many mutations of a slow commit are named."""


class Trace:
    """The times of one request, on perf_counter; what did not happen is not set."""

    __slots__ = (
        "arrived",
        "begun",
        "caller",
        "ended",
        "freed",
        "is_wait",
        "method",
        "request_id",
    )

    def __init__(
        self, method: str = "", request_id: str | None = None, caller: Caller | None = None
    ) -> None:
        """A request arrives; without a caller it is the daemon's own."""
        self.method = method
        self.request_id = request_id
        self.caller = caller
        self.is_wait = False
        # Freed as it comes, unless it has mutations before it to wait for.
        self.arrived = self.freed = perf_counter()
        self.begun = self.ended = 0.0

    def free(self) -> None:
        """The mutations that its connection sent before it are done."""
        self.freed = perf_counter()

    def carried_out(self, begun: float, ended: float) -> None:
        """The writer or a reader had it from then to then.

        A batch takes in what comes while it runs: that waited for nothing, and was not there when
        the batch began.
        """
        self.begun = max(begun, self.freed)
        self.ended = ended

    def waits_ms(self, now: float) -> dict[str, int]:
        """Return what it waited for, and for how long."""
        # Nobody carried it out: it was refused before, or has ways of its own, as a wait has.
        if not self.ended:
            return {"total_ms": _ms(now - self.arrived)}
        return {
            "total_ms": _ms(now - self.arrived),
            "earlier_mutations_ms": _ms(self.freed - self.arrived),
            "queued_ms": _ms(self.begun - self.freed),
            "carried_out_ms": _ms(self.ended - self.begun),
            "answered_ms": _ms(now - self.ended),
        }


class RequestLog:
    """Logs what took long; on the level `debug` every request."""

    def __init__(self, settings: Settings) -> None:
        """Log by these settings; `obey` changes them."""
        self.obey(settings)

    def obey(self, settings: Settings) -> None:
        """Take from the settings from when on something is slow, and whether all is logged."""
        self._slow_request = settings.slow_request_ms / 1000
        self._slow_commit = settings.slow_commit_ms / 1000
        self._every = settings.log_level == "debug"
        self.asks_from_seconds = 0.0 if self._every else self._slow_request
        """What took less need not even be told to `answered`."""

    def answered(self, trace: Trace, now: float, error: str | None) -> None:
        """Log a request if there is a reason to; a wait is not slow, it waits."""
        is_slow = now - trace.arrived >= self._slow_request and not trace.is_wait
        if not is_slow and not self._every:
            return
        tell = log.warning if is_slow else log.debug
        tell(
            "slow request" if is_slow else "request",
            method=trace.method,
            request_id=trace.request_id,
            pid=None if trace.caller is None else trace.caller.pid,
            worker_id=None if trace.caller is None else trace.caller.worker_id,
            error=error,
            **trace.waits_ms(now),
        )

    def committed(self, traces: Sequence[Trace], outcome: BatchOutcome, seconds: float) -> None:
        """Log a batch that took long, and what it waited for: disk, handlers, or another's lock."""
        if seconds < self._slow_commit:
            return
        # What is left is from before its transaction had begun.
        lock_ms = _ms(seconds) - outcome.ran_ms - outcome.synced_ms
        waits = {"disk": outcome.synced_ms, "handlers": outcome.ran_ms, "lock": lock_ms}
        log.warning(
            "slow commit",
            mutations=len(traces),
            total_ms=_ms(seconds),
            ran_ms=outcome.ran_ms,
            synced_ms=outcome.synced_ms,
            waited_for=max(waits, key=lambda what: waits[what]),
            methods=[trace.method for trace in traces[:_NAMED]],
            request_ids=[trace.request_id for trace in traces[:_NAMED]],
        )


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
