"""Processes that come to their end together: a group, or the cgroup of a scope of systemd's.

Runner and guard both use it. It imports nothing but the standard library, as the guard needs it.

The runner waits for a whole group, not for its leader: a command leaves others behind, and those
are not its children, for whom it could wait. So handles are opened of those who are there (pidfds),
they are waited for, and then it is looked who has come since, until nobody has. That sleeps, where
it once looked fifty times a second. Handles are opened some at a time, as there may be more
processes than descriptors.

Whether a process lives is asked of its pidfd: the state in /proc is that of its main thread alone.
And a number is trusted only after the handle is open, since a process may end and its number come
again between a look and the opening.

A group is signaled as a whole by the kernel, so nobody can be born in between. A scope is not, so
it is looked at again after each round. What has left its group is known by its environment only:
the marks that the runner gave to the command are in it, and in no other's.
"""

import errno
import os
import select
import signal
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Protocol

_AT_ONCE = 64
"""How many handles are open at a time, whatever the size of a group."""
_STUCK_S = 5.0
"""What SIGKILL gets: longer takes only what hangs in the kernel."""
_MAX_COMMAND = 200
_MOST_NAMED = 100


class Crowd(Protocol):
    """Processes that come to their end together."""

    def pids(self) -> Iterable[int]:
        """Name the members, and some that are none any more."""

    def has(self, pid: int) -> bool:
        """Tell whether a process is one of them."""

    def send(self, number: int) -> None:
        """Send a signal to all of them."""


class Group(NamedTuple):
    """A process group, or a whole session, by its leader.

    The leader's start time tells it from a later one of that number. A command with a terminal of
    its own leads a session, in which a shell gives each of its jobs a group.
    """

    leader: int
    started_ticks: int
    is_session: bool = False

    def pids(self) -> Iterator[int]:
        """Look at every process there is, unless the number is another process's by now."""
        leader = stat(self.leader)
        # The leader may have ended while its group goes on; another start time means another
        # process.
        if leader is not None and leader.started_ticks != self.started_ticks:
            return
        for pid in all_pids():
            if self.has(pid):
                yield pid

    def has(self, pid: int) -> bool:
        """Ask /proc."""
        found = stat(pid)
        if found is None:
            return False
        return (found.session if self.is_session else found.group) == self.leader

    def send(self, number: int) -> None:
        """Send to each group as a whole: nobody can be born in between."""
        for group in self._groups():
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(group, number)

    def _groups(self) -> set[int]:
        if not self.is_session:
            return {self.leader}
        found = [stat(pid) for pid in self.pids()]
        return {each.group for each in found if each is not None}


class Scope(NamedTuple):
    """A cgroup that systemd made for this run alone; the guard is in it too, and spares itself."""

    directory: Path

    def pids(self) -> Iterator[int]:
        """Read who is in it and below."""
        for procs in [self.directory / "cgroup.procs", *self.directory.rglob("*/cgroup.procs")]:
            with suppress(OSError):
                yield from (int(word) for word in procs.read_text("ascii").split())

    def has(self, pid: int) -> bool:
        """Ask the cgroup again."""
        return pid != os.getpid() and pid in self.pids()

    def send(self, number: int) -> None:
        """Send to one after the other; who is born meanwhile is met at the next look."""
        for pid in set(self.pids()) - {os.getpid(), 0}:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)


class Stat(NamedTuple):
    """What /proc says of a process."""

    parent: int
    group: int
    session: int
    started_ticks: int


def stat(pid: int) -> Stat | None:
    """Look at a process; None if there is none of the number."""
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    # The name in parentheses may hold anything; state, parent, group, session … follow it.
    fields = text.rpartition(b")")[2].split()
    return Stat(int(fields[1]), int(fields[2]), int(fields[3]), int(fields[19]))


def all_pids() -> Iterator[int]:
    """Name every process that can be seen."""
    return (int(name) for name in os.listdir("/proc") if name.isdigit())


def started_ticks(pid: int) -> int:
    """Return when a process that is there was started; 0 if it is not."""
    found = stat(pid)
    return 0 if found is None else found.started_ticks


def ignores(pid: int, number: int) -> bool:
    """Tell whether a process ignores a signal, as a shell at a terminal does SIGTERM."""
    try:
        status = Path(f"/proc/{pid}/status").read_bytes()
    except OSError:
        return False
    ignored = next(line for line in status.splitlines() if line.startswith(b"SigIgn:"))
    return bool(int(ignored.split()[1], 16) & (1 << (number - 1)))


def wait_gone(crowd: Crowd, within_s: float | None = None) -> bool:
    """Wait until no member lives, zombies aside; False if some do when the time is over.

    It sleeps until those who were seen have ended, and then looks who has come since.
    """
    deadline = None if within_s is None else time.monotonic() + within_s
    while handles := _open_some(crowd):
        try:
            if not _wait_ended(handles, deadline):
                return False
        finally:
            for handle in handles:
                os.close(handle)
    return True


def _open_some(crowd: Crowd) -> list[int]:
    """Open pidfds of living members: whether a process lives its main thread's state cannot say."""
    handles: list[int] = []
    for pid in crowd.pids():
        handle = _open(crowd, pid)
        if handle is not None:
            handles.append(handle)
        if len(handles) == _AT_ONCE:
            break
    return handles


def _open(crowd: Crowd, pid: int) -> int | None:
    try:
        handle = os.pidfd_open(pid)
    except OSError as error:
        if error.errno in (errno.ESRCH, errno.EINVAL, errno.ENOENT):
            return None
        raise
    # Asked again, now that the handle means one process: the number may have been another's before.
    if not wait_ended(handle, 0) and crowd.has(pid):
        return handle
    os.close(handle)
    return None


def wait_ended(handle: int, within_s: float | None = None) -> bool:
    """Wait for the end of the process behind a pidfd; False if it lives when the time is over.

    Not by select, which takes no descriptor from 1024 on: who started us may have left as many.
    """
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    return bool(poll.poll(None if within_s is None else within_s * 1000))


def _wait_ended(handles: Iterable[int], deadline: float | None) -> bool:
    """Wait for the ends of all of these."""
    poll = select.poll()
    left = set(handles)
    for handle in left:
        poll.register(handle, select.POLLIN)
    while left:
        rest = None if deadline is None else max(0.0, deadline - time.monotonic())
        ended = poll.poll(None if rest is None else rest * 1000)
        if not ended:
            return False
        for handle, _ in ended:
            poll.unregister(handle)
            left.discard(handle)
    return True


def end(crowd: Crowd, patience_s: float) -> str | None:
    """Bring a crowd to its end; returns the signal that it took, None if nobody lived."""
    if wait_gone(crowd, 0):
        return None
    crowd.send(signal.SIGTERM)
    # One that was stopped could not even see its SIGTERM.
    crowd.send(signal.SIGCONT)
    if wait_gone(crowd, patience_s):
        return "SIGTERM"
    deadline = time.monotonic() + _STUCK_S
    # Again and again: of a scope, somebody may be born while the others are killed one by one.
    while not wait_gone(crowd, 0) and time.monotonic() < deadline:
        crowd.send(signal.SIGKILL)
        wait_gone(crowd, _STUCK_S / 10)
    return "SIGKILL"


class Left(NamedTuple):
    """A process that outlives its command."""

    pid: int
    command: str


def left_behind(marks: Sequence[str], but: Iterable[int] = ()) -> list[Left]:
    """Find living processes whose environment has all these `NAME=value`s: the command's own."""
    wanted = [os.fsencode(mark) for mark in marks]
    spared = {os.getpid(), *but}
    found = []
    for pid in all_pids():
        try:
            # Another user's cannot be read, and is none of this command's.
            environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        if pid not in spared and all(mark in environment for mark in wanted):
            text = words.replace(b"\0", b" ").decode("utf-8", "backslashreplace").strip()
            found.append(Left(pid, text[:_MAX_COMMAND]))
    return found


def fields_of(left: Sequence[Left]) -> dict[str, object]:
    """Return what an event says of them: so many as fit, and how many there are."""
    named = [each._asdict() for each in left[:_MOST_NAMED]]
    more = {} if len(left) <= _MOST_NAMED else {"left_in_all": len(left)}
    return {"left": named, **more}


def own_scope() -> Path | None:
    """Return this process's cgroup if it is a scope of systemd's with nobody else in it.

    `systemd-run --scope penholder run …` makes such a one. A terminal is in a scope as well, and so
    is the shell in it: what somebody else is in is not ours to kill.
    """
    try:
        groups = Path("/proc/self/cgroup").read_text("utf-8", "surrogateescape").splitlines()
        mounts = Path("/proc/self/mounts").read_text("utf-8", "surrogateescape").splitlines()
        (below,) = (line[3:] for line in groups if line.startswith("0::"))
        root = next(line.split()[1] for line in mounts if line.split()[2] == "cgroup2")
        directory = Path(root + below)
        if directory.suffix != ".scope" or set(Scope(directory).pids()) != {os.getpid()}:
            return None
    except (OSError, ValueError, StopIteration):
        return None
    return directory
