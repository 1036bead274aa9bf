"""Whether what is waited for can come: told on stderr where the daemon or its store is away.

Who waits hears nothing while nothing happens, and nothing either while nothing can: the daemon was
stopped or hangs, or it runs and its store cannot be read. So beside every word that waits somebody
looks every other second. What lasts for some seconds is said once, and so is its end; a restart of
the daemon is over before. What is said changes nothing: who waits goes on when it is back.
"""

import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Raw

from penholder import ConnectionLost, DaemonUnreachable
from penholder._shared.call import Call
from penholder.blocking import Client
from penholder.cli.terminal import silence
from penholder.cli.terminal.silence import AttendedClient, Waiting
from penholder.cli.terminal.text import printable
from penholder_protocol.errors import PenholderError

LOOK_S = 2.0
LASTS_S = 1.0
"""What is over before the next look is not worth a word."""


class _Health(msgspec.Struct):
    reachable: bool
    message: str | None = None


class Trouble(NamedTuple):
    """What is away, and what is said of it."""

    what: str
    text: str


class Vigil:
    """Looks after one daemon, in a thread of its own, from `begin` to `end`."""

    def __init__(self, path: Path, state_dir: Path | None) -> None:
        """Take where it is."""
        self._path, self._state_dir = path, state_dir
        self._ended = threading.Event()
        self._since: float | None = None
        self._told: Trouble | None = None

    def begin(self) -> None:
        """Look from now on; nobody has to wait for the thread."""
        threading.Thread(target=self._keep, name="penholder-vigil", daemon=True).start()

    def end(self) -> None:
        """Say nothing any more."""
        self._ended.set()

    def _keep(self) -> None:
        while not self._ended.wait(LOOK_S):
            begun = time.monotonic()
            trouble = look(self._path, self._state_dir)
            if not self._ended.is_set():
                self._take(trouble, begun, time.monotonic())

    def _take(self, trouble: Trouble | None, begun: float, now: float) -> None:
        if trouble is None:
            if self._told is not None:
                _say(f"{self._told.what} is back")
            self._since = self._told = None
            return
        if self._since is None:
            self._since = begun
        if self._told is None and now - self._since >= LASTS_S:
            self._told = trouble
            _say(f"{trouble.text}; this goes on when it is back")


class WaitingClient(AttendedClient):
    """A client for who waits by its meaning: a vigil is kept, and calls wait for the store, too.

    They do for as long as for a daemon that is away, and then end as any other.
    """

    def __init__(
        self, path: Path, state_dir: Path | None, *, reconnect_s: float, operation: str | None
    ) -> None:
        """Name the socket; nobody looks yet."""
        super().__init__(
            path, Waiting(path, None, says=False), reconnect_s=reconnect_s, operation=operation
        )
        self._vigil = Vigil(path, state_dir)

    def keep_vigil(self) -> None:
        """Have it said from now on, until this is closed, where the daemon or its store is away."""
        self._vigil.begin()

    def beside(self) -> Client:
        """Return another one that waits as this does; the vigil of this is enough for both."""
        other = WaitingClient.__new__(WaitingClient)
        other._vigil = self._vigil
        other._begin(self._reach, self._request_ids, self._reconnect_s, self._attention)
        return other

    def close(self) -> None:
        """End the vigil, too."""
        self._vigil.end()
        super().close()

    def _exchange(self, call: Call, timeout_s: float | None) -> Raw:
        if timeout_s is None:
            call.be_patient()
        return super()._exchange(call, timeout_s)


def look(path: Path, state_dir: Path | None) -> Trouble | None:
    """Look whether a daemon answers and can read its store; None where all is well."""
    try:
        with Client(path, reconnect_s=0) as client:
            health = client.call("daemon.health", {}, _Health, timeout_s=silence.PONG_S)
    except TimeoutError:
        return _silent(path, state_dir)
    except DaemonUnreachable as error:
        if silence.is_full(error):
            return _silent(path, state_dir)
        return Trouble("the daemon", f"the daemon at {path} is away (penholder up starts it)")
    except ConnectionLost:
        return Trouble("the daemon", f"the daemon at {path} is away (penholder up starts it)")
    except PenholderError:
        return None  # it answers
    if health.reachable:
        return None
    return Trouble("the store", f"the daemon cannot reach its store: {health.message}")


def _silent(path: Path, state_dir: Path | None) -> Trouble:
    """Say who does not answer: the daemon, or its store, which it waits for."""
    if silence.answers(path):
        return Trouble("the store", "the daemon's store does not answer")
    silent = silence.Silent(path, state_dir)
    return Trouble("the daemon", f"{silent} ({silent.hint})")


def _say(text: str) -> None:
    with suppress(OSError):  # its reader has gone
        print(f"penholder: {printable(text)}", file=sys.stderr, flush=True)
