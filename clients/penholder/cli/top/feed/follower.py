"""The thread that follows a host's journal, over restarts of its daemon."""

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import msgspec

from penholder import ConnectionLost, DaemonUnreachable
from penholder.blocking import Client
from penholder.cli.top.feed import lists
from penholder.cli.top.feed.outbox import Outbox
from penholder.cli.top.model.notices import Back, Came, ClockRead, Lost
from penholder_protocol.errors import CursorGone, PenholderError
from penholder_protocol.nouns import CurrentPosition, Entries, Entry, Pong

GATHER_S = 0.1
"""How long entries gather before they are asked for again."""
_PAGE = 1_000
_WAIT_MS = 10_000
_ANSWER_S = 20.0
"""After so long without an answer a daemon is as good as away."""
RETRY_S = 0.5
CLOCK_S = 30.0
"""How often it is looked how far the clocks are apart: either may be set."""
_NEEDS_RECORD = ("worker.created", "worker.state_changed", "runtime.detached")
_OF_HOSTS = ("host.registered", "host.expired")
FAILURES = (ConnectionLost, DaemonUnreachable, TimeoutError, PenholderError, OSError)


class _About(msgspec.Struct):
    worker_id: str = ""
    request_id: str = ""


class Follower:
    """Follows one host until the outbox is closed."""

    def __init__(
        self,
        host: str,
        client: Client,
        outbox: Outbox,
        controller_id: str | None = None,
        clock: Callable[[], float] = time.time,
        gather_s: float = GATHER_S,
        retry_s: float = RETRY_S,
        clock_s: float = CLOCK_S,
    ) -> None:
        """Take the client, which is this thread's alone and gives up at once."""
        self._host = host
        self._client = client
        self._outbox = outbox
        self._controller_id = controller_id
        self._clock = clock
        self._gather_s = gather_s
        self._retry_s = retry_s
        self._clock_s = clock_s
        self._clock_due = float("-inf")
        self._pos: int | None = None
        self._is_lost = False

    def run(self) -> None:
        """Read and hand on, until it is closed."""
        while not self._outbox.closed.is_set():
            if not self.step():
                self._outbox.closed.wait(self._retry_s)

    def step(self) -> bool:
        """Read what there is next and hand it on; tells whether the daemon answered."""
        try:
            self._read()
        except CursorGone:
            self._pos = None
        except FAILURES as error:
            self._lose(error)
            return False
        return True

    def _read(self) -> None:
        if time.monotonic() >= self._clock_due:
            self._read_clock()
        if self._pos is None:
            # Before the lists: what is committed while they are read is told by entries then.
            pos = self._client.call("journal.position", {}, CurrentPosition, timeout_s=_ANSWER_S)
            self._outbox.put(lists.read(self._client, self._host, self._controller_id))
            self._pos = pos.pos
            self._answered()
        found = self._wait(self._pos)
        self._answered()
        if found.items:
            self._outbox.put(self._came(found.items))
        if any(each.type in _OF_HOSTS for each in found.items):
            # Which of its workers were how, only the lists tell.
            self._outbox.put(lists.read(self._client, self._host, self._controller_id))
        # Only now: had a record failed to be read, these entries would be read again.
        self._pos = found.pos
        if len(found.items) < _PAGE:
            self._outbox.closed.wait(self._gather_s)

    def _read_clock(self) -> None:
        before = self._clock()
        pong = self._client.call("rpc.ping", {}, Pong, timeout_s=_ANSWER_S)
        # It was said somewhere on the way there and back.
        here = (before + self._clock()) / 2
        there = datetime.fromisoformat(pong.ts).timestamp()
        self._outbox.put(ClockRead(self._host, there - here))
        self._clock_due = time.monotonic() + self._clock_s

    def _wait(self, pos: int) -> Entries:
        # Where it was away, its answer tells that it is back: that must not wait for an entry.
        timeout_ms = 0 if self._is_lost else _WAIT_MS
        asked = {
            "streams": self._streams(),
            "after": pos,
            "limit": _PAGE,
            "timeout_ms": timeout_ms,
        }
        return self._client.call("journal.wait", asked, Entries, timeout_s=_ANSWER_S)

    def _streams(self) -> list[str]:
        if self._controller_id is None:
            return ["*"]
        own = f"controller:{self._controller_id}"
        return [own, f"{own}/workers", "daemon"]

    def _came(self, entries: Sequence[Entry]) -> Came:
        """Read the records that entries tell of without saying what is in them."""
        told = [each for each in entries if each.stream.startswith("controller:")]
        abouts = [(each.type, _about(each)) for each in told]
        asked = [about.request_id for type_, about in abouts if type_ == "approval.requested"]
        changed = (about.worker_id for type_, about in abouts if type_ in _NEEDS_RECORD)
        is_renamed = any(each.type == "controller.registered" for each in told)
        return Came(
            self._host,
            entries,
            lists.workers(self._client, _each_once(changed)),
            lists.questions(self._client, _each_once(asked)),
            lists.controllers(self._client) if is_renamed else (),
        )

    def _answered(self) -> None:
        if self._is_lost:
            self._is_lost = False
            self._outbox.put(Back(self._host))

    def _lose(self, error: Exception) -> None:
        if self._outbox.closed.is_set():
            return
        self._is_lost = True
        self._clock_due = float("-inf")  # another machine may answer there
        self._outbox.put(Lost(self._host, self._clock(), _why(error)))


def _why(error: Exception) -> str:
    """Say why nobody is heard; which call of this program met it is no news to a person."""
    cause = error.__cause__
    if not isinstance(error, ConnectionLost | DaemonUnreachable) or not isinstance(cause, OSError):
        return str(error) or type(error).__name__
    return str(cause) if cause.strerror is None else f"no daemon answers: {cause.strerror}"


def _about(entry: Entry) -> _About:
    try:
        return msgspec.json.decode(entry.data, type=_About)
    except msgspec.MsgspecError:
        return _About()


def _each_once(ids: Iterable[str]) -> list[str]:
    return [each for each in dict.fromkeys(ids) if each]
