"""The requests under way: each in a thread of its own, bounded in number, canceled by id."""

import sys
import threading
import time
from collections.abc import Callable

import msgspec

from penholder.cli.mcp import messages
from penholder.cli.mcp.desk import Desk
from penholder.cli.mcp.job import Job, Say
from penholder.cli.mcp.messages import INTERNAL_ERROR, INVALID_REQUEST, Body, Refused

MOST = 64
Act = Callable[[Job], Body | None]
"""Returns the result, None where there is no answer."""
_FAULT = Refused(INTERNAL_ERROR, "a fault of penholder mcp, which its stderr tells more of")


class Jobs:
    """What runs, by the ids of requests."""

    def __init__(self, desk: Desk, say: Say) -> None:
        """Run nothing yet."""
        self._desk = desk
        self._say = say
        self._running: dict[object, tuple[Job, threading.Thread]] = {}
        self._lock = threading.Lock()

    def start(self, key: object, request_id: bytes, token: str | int | None, act: Act) -> None:
        """Run a request; `key` is what it is canceled by. Raises Refused where there is no room."""
        job = Job(self._desk, request_id, token, self._say)
        thread = threading.Thread(target=self._run, args=(key, job, act), daemon=True)
        with self._lock:
            if key in self._running:
                raise Refused(INVALID_REQUEST, "a request with this id is under way")
            if len(self._running) >= MOST:
                raise Refused(INVALID_REQUEST, f"{MOST} requests are under way, which is the most")
            self._running[key] = job, thread
        thread.start()

    def cancel(self, key: object) -> None:
        """End a request that nobody waits for any more; it gets no answer."""
        with self._lock:
            found = self._running.get(key)
        if found is not None:
            found[0].cancel()

    def finish(self, within_s: float) -> None:
        """Let what runs come to its end, for so long; then leave it."""
        deadline = time.monotonic() + within_s
        with self._lock:
            running = list(self._running.values())
        for job, thread in running:
            if not job.may_be_left:
                thread.join(max(0.0, deadline - time.monotonic()))
        for job, _ in running:
            job.leave()

    def _run(self, key: object, job: Job, act: Act) -> None:
        try:
            answer = self._answer(job, act)
        finally:
            job.close()
            with self._lock:
                del self._running[key]
        if answer is not None and not job.over.is_set():
            self._say(answer)

    def _answer(self, job: Job, act: Act) -> bytes | None:
        try:
            body = act(job)
            return None if body is None else messages.result(job.request_id, body)
        except Refused as refused:
            return messages.error(job.request_id, refused)
        except Exception:  # noqa: BLE001 - whatever it is, who asked is told that there is no answer
            if not job.over.is_set():
                sys.excepthook(*sys.exc_info())
            return messages.error(job.request_id, _FAULT)


def key_of(request_id: bytes) -> object:
    """Return what an id is compared by: its value, not its spelling."""
    return msgspec.json.decode(request_id)
