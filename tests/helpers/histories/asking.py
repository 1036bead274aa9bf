"""Calls over any daemon, sent again under their keys where nobody knows what became of them."""

import random
import threading
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import TypedDict

from tests.helpers.daemon_process import Json, RawConnection
from tests.helpers.histories.hosts import Host
from tests.helpers.histories.progress import Progress
from tests.helpers.histories.recorded import NEVER, Outcome

TRY_AGAIN = ("STORE_FAILED", "BUSY")
"""What is right to be refused at any time."""
_MAY_REFUSE = ("CONTROLLER_OWNERSHIP_CONFLICT", "FENCED", "STALE_STATE")
_PAUSE_SECONDS = 0.02
LOST = (OSError, AssertionError, TypeError, ValueError)
"""What a connection raises that is lost, at whatever point."""


class Times(TypedDict):
    """What every record of a call holds."""

    daemon: int
    begun: float
    done: float
    outcome: Outcome
    refusal: str | None
    words: str


@dataclass
class Asked:
    """What became of a call; as `Call` has it."""

    daemon: int
    begun: float
    done: float = NEVER
    outcome: Outcome = Outcome.REFUSED
    refusal: str | None = "never sent"
    words: str = ""
    result: Json | None = None

    @property
    def times(self) -> Times:
        """What a record of it takes over."""
        return {
            "daemon": self.daemon,
            "begun": self.begun,
            "done": self.done,
            "outcome": self.outcome,
            "refusal": self.refusal,
            "words": self.words,
        }


class Asker:
    """One caller with connections of its own."""

    def __init__(self, hosts: list[Host], drawn: random.Random, progress: Progress) -> None:
        """Connect to nobody yet."""
        self._hosts = hosts
        self._drawn = drawn
        self._progress = progress
        self._connections: dict[int, RawConnection] = {}

    def close(self) -> None:
        """Close every connection."""
        for daemon in list(self._connections):
            self._drop(daemon)

    def ask(self, method: str, attempts: int, **params: object) -> Asked:
        """Call, at most so often; without a key only once can be right."""
        asked = Asked(-1, monotonic())
        is_unknown = False
        for _ in range(attempts):
            daemon = self._drawn.randrange(len(self._hosts))
            connection = self._connection(daemon)
            if connection is None:
                threading.Event().wait(_PAUSE_SECONDS)
                continue
            asked.daemon = daemon
            if not is_unknown:
                # What was refused before has done nothing.
                asked.begun = monotonic()
            try:
                answer = connection.answer(connection.request(method, **params))
            except LOST:
                self._drop(daemon)
                self._progress.count(is_done=False)
                is_unknown = True
                continue
            asked.done = monotonic()
            if "result" in answer:
                self._progress.count(is_done=True)
                asked.outcome, asked.refusal, asked.result = Outcome.DONE, None, answer["result"]
                return asked
            error = answer["error"]["data"]
            asked.refusal, asked.words = str(error["code"]), str(answer["error"]["message"])
            if asked.refusal not in TRY_AGAIN:
                assert asked.refusal in _MAY_REFUSE, f"{method} is refused: {error}"
                break
            self._progress.count(is_done=False)
            is_unknown |= error.get("details", {}).get("outcome") == "unknown"
            threading.Event().wait(_PAUSE_SECONDS)
        if is_unknown:
            asked.outcome, asked.done = Outcome.UNKNOWN, NEVER
        return asked

    def _connection(self, daemon: int) -> RawConnection | None:
        if daemon not in self._connections:
            try:
                self._connections[daemon] = self._hosts[daemon].connect()
            except OSError:
                return None
        return self._connections[daemon]

    def _drop(self, daemon: int) -> None:
        with suppress(OSError):
            self._connections.pop(daemon).close()
