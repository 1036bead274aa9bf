"""A daemon that is there and does not answer: how it is told from one that has nothing to say.

It may have been stopped by a signal, hang, or be on a machine that is at its limits. A call that
takes long is no sign of it, a backup for one takes minutes. So whoever has waited for a second
pings, over a connection of its own: a daemon that lives answers at once, whatever else it does.

A word that only wants an answer says so and ends. One that waits by its meaning says so and waits
on, as it does over a restart.
"""

import errno
import sys
import time
from contextlib import suppress
from pathlib import Path

from penholder import ConnectionLost, DaemonUnreachable
from penholder._blocking.attention import Attention, Unanswered
from penholder._shared.reach import Reach, is_worker
from penholder._shared.request_ids import RequestIds
from penholder.blocking import Client
from penholder.cli.daemon_process import presence
from penholder_protocol.errors import PenholderError

PATIENCE_S = 5.0
"""After so long without a word a daemon does not answer."""
RECONNECT_S = 30.0
"""How long a call goes on asking a daemon that was there and is away or busy now."""
FAILING_S = 2.0
"""What fails for so long, on a machine whose daemon is back within a second, is told."""
PONG_S = PATIENCE_S - 1.0
"""Of it, what is left after the second after which it is looked."""
_STOPPED = ("T", "t")
"""The states of a process that /proc tells: by a signal, or by a debugger."""


class Silent(Unanswered):
    """Somebody accepts connections, and nobody answers."""

    def __init__(self, path: Path, state_dir: Path | None = None) -> None:
        """Look who it is, and what can be done about it."""
        pid = _pid(path, state_dir)
        who = "" if pid is None else f" (process {pid})"
        self.hint = _way_on(pid)
        super().__init__(f"the daemon at {path}{who} did not answer within {PATIENCE_S:.0f} s")


class Attending(Attention):
    """Looks after one daemon."""

    def __init__(
        self, path: Path, state_dir: Path | None = None, *, tells_failures: bool = False
    ) -> None:
        """Take where it is, and whether stderr is for people."""
        self._path, self._state_dir = path, state_dir
        self._tells_failures = tells_failures
        self._failing = Failing()

    def look(self) -> None:
        """Raise Silent unless the daemon answers, or is away, which the call itself sees."""
        if not answers(self._path):
            raise Silent(self._path, self._state_dir)

    def failed(self, why: Exception) -> None:
        """Say once why there is no answer yet, where that takes longer than a restart."""
        if self._failing.is_to_be_told(time.monotonic()) and self._tells_failures:
            reason = getattr(why, "strerror", None) or why
            print(
                f"penholder: the daemon at {self._path} does not answer yet ({reason});"
                f" it is asked again for up to {RECONNECT_S:.0f} s",
                file=sys.stderr,
                flush=True,
            )


class Failing:
    """A row of attempts that failed, which is told of once it has lasted."""

    _since: float | None = None
    _last = 0.0
    _is_told = False

    def is_to_be_told(self, now: float) -> bool:
        """Take one more; those long after the last one belong to another row."""
        if self._since is None or now - self._last > PATIENCE_S:
            self._since, self._is_told = now, False
        self._last = now
        if self._is_told or now - self._since < FAILING_S:
            return False
        self._is_told = True
        return True


class Waiting(Attending):
    """Looks after a daemon for who waits for as long as it takes."""

    def __init__(self, path: Path, state_dir: Path | None, *, says: bool) -> None:
        """Take where it is, and whether stderr is for people."""
        super().__init__(path, state_dir)
        self._says = says
        self._is_told = False

    def look(self) -> None:
        """Say once of each silence that the daemon does not answer."""
        try:
            super().look()
            self._is_told = False
        except Silent as silent:
            if self._says and not self._is_told:
                text = f"penholder: {silent} ({silent.hint}); this goes on when it does"
                print(text, file=sys.stderr, flush=True)
            self._is_told = True


class AttendedClient(Client):
    """A client whose calls do not wait for ever for a daemon that does not answer."""

    def __init__(
        self, path: Path, attention: Attention, *, reconnect_s: float, operation: str | None = None
    ) -> None:
        """Name the socket, and who looks after the daemon."""
        self._begin(Reach(path), RequestIds(operation), reconnect_s, attention)


def attended(path: str, operation: str | None = None) -> Client:
    """Make a client of a daemon that was there a moment ago, and may hang by now."""
    where = Path(path)
    return AttendedClient(where, Attending(where), reconnect_s=RECONNECT_S, operation=operation)


def answers(path: Path) -> bool:
    """Tell whether a daemon answers, or is not there."""
    deadline = time.monotonic() + PONG_S
    while (left_s := deadline - time.monotonic()) > 0:
        try:
            with Client(path, reconnect_s=0) as client:
                client.call("rpc.ping", timeout_s=left_s)
        except TimeoutError:
            return False
        except DaemonUnreachable as error:
            if not is_full(error):
                return True
            continue  # one attempt takes the kernel a second
        except (ConnectionLost, PenholderError):
            return True
        return True
    return False


def is_full(error: DaemonUnreachable) -> bool:
    """Tell whether somebody is there whose queue of connections is full."""
    return isinstance(error.__cause__, OSError) and error.__cause__.errno == errno.EAGAIN


def _pid(path: Path, state_dir: Path | None) -> int | None:
    runtime_dir = path.parent.parent if is_worker(str(path)) else path.parent
    found = (presence.pid_of_holder(each) for each in (state_dir, runtime_dir) if each)
    return next((pid for pid in found if pid is not None), None)


def _way_on(pid: int | None) -> str:
    if pid is None:
        return "penholder doctor says more"
    if (stopped := let_go_on(pid)) is not None:
        return stopped
    return f"penholder doctor says more; kill -9 {pid} ends it, and nothing acknowledged is lost"


def let_go_on(pid: int) -> str | None:
    """Say what lets a process go on that a signal has stopped; None where none has."""
    if _state(pid) not in _STOPPED:
        return None
    return f"it was stopped by a signal: kill -CONT {pid} lets it go on"


def _state(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(") ")[2][:1]
    return ""
