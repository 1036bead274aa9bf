"""The keeper: who a command in the background belongs to.

A runner that is killed cannot go on, and its guard can only end the command. So above a runner in
the background is a small process that starts another one: it takes the worker's seat again, and
goes on as the policy says. And whatever the command has started, however far it went, ends with the
keeper: it is the subreaper, to which the kernel gives every descendant whose parent has ended. Only
what is another worker's, or everybody's, is left alone (`outliving`): the daemon, other keepers.

Who is killed, one by one or together:

- the runner: its guard ends the command's group, and tells of it. The keeper waits for that, ends
  what is left below it, and starts another runner, which is told how the command ended.
- the guard: the runner starts another. Runner and guard: the command has become the keeper's child,
  and the keeper ends it.
- the keeper: runner and command go on, guarded as before; nobody starts another runner then. In a
  unit of systemd the manager ends all of it instead.
- keeper and runner: the guard ends the command's group. What has left the group goes on, as an
  orphan; so does the group if the guard was killed, too. In a unit nothing does.

It hears from its runner how far it is (the guard's pid, which start it is, the command's pid, that
all is said) by a pipe, and what it says on stderr by another, which goes to the log. It runs
without site-packages and imports little, as there is one for each command.
"""

import ctypes
import json
import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

from penholder.cli.daemon_process.outliving import outlives
from penholder.cli.run.group import all_pids, end, stat
from penholder.cli.run.keepers_log import Log

_PR_SET_CHILD_SUBREAPER = 36
_CHANNEL = 3
"""The descriptor on which a runner says how far it is."""
_STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
_GUARDS_MARGIN_S = 2.0
"""What a guard gets beyond its patience: then the keeper ends the command itself."""
_FIRST_WAIT_S = 1.0
_LONGEST_WAIT_S = 60.0
_PROVEN_S = 60.0
_CHUNK_BYTES = 64 << 10
_CLOSED = -1
_DEEPEST = 10_000


class Orders(NamedTuple):
    """What a keeper finds in the file that its one argument names."""

    log: str
    program: list[str]
    """The runner's."""
    environment: dict[str, str]
    umask: int
    patience_s: float
    keep: bool
    """Whether a command goes on whose runner was killed."""
    run: Any
    """What the runner is to do, which is only passed on."""


class Descendants:
    """Everything below this process, but for one that ends by itself, and what outlives it."""

    def __init__(self, spared: int | None) -> None:
        """Spare the guard: it has something to tell."""
        self._spared = spared

    def pids(self) -> Iterator[int]:
        """Look at every process there is."""
        return (pid for pid in all_pids() if self.has(pid))

    def has(self, pid: int) -> bool:
        """Go up from parent to parent."""
        if pid == self._spared:
            return False
        line = [pid]
        while (found := stat(line[-1])) is not None and len(line) <= _DEEPEST:
            if found.parent == os.getpid():
                return not any(map(outlives, line))
            line.append(found.parent)
        return False

    def send(self, number: int) -> None:
        """Send to one after the other; who is born meanwhile is met at the next look."""
        for pid in list(self.pids()):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)


class Keeper:
    """Starts runners, one after the other, and ends what is left below it."""

    def __init__(self, orders: Orders) -> None:
        """Take orders; nothing is started yet."""
        self._orders = orders
        self._log = Log(orders.log)
        self._woken, wakes = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
        self._said = self._errors = _CLOSED
        self._is_stopping = False
        self._runner: int | None = None
        self._statuses: dict[int, int] = {}
        self._guard: int | None = None
        self._command: int | None = None
        self._number = 0
        self._is_done = False
        self._wait_s = 0.0
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in _STOPPING:
            signal.signal(number, self._stop)

    def run(self) -> int:
        """Keep the command until its runner says that all is done; returns the exit code."""
        code = self._see_runner_through()
        while not self._is_done:
            self._log.write(f"the runner ended with {code} before its time")
            if self._orders.keep:
                return 1
            self._end_command()
            self._sleep()
            if self._is_stopping:
                break
            code = self._see_runner_through()
        self._end_all("is left of the command")
        return code if code >= 0 else 128 - code

    def _stop(self, _number: int, _frame: object) -> None:
        self._is_stopping = True
        if self._runner is not None:
            with suppress(ProcessLookupError):
                os.kill(self._runner, signal.SIGTERM)

    def _see_runner_through(self) -> int:
        """Start a runner and wait for its end; returns its exit code."""
        begun = time.monotonic()
        self._said, channel = os.pipe2(os.O_CLOEXEC)
        self._errors, stderr = os.pipe2(os.O_CLOEXEC)
        for descriptor in (self._said, self._errors):
            os.set_blocking(descriptor, False)
        try:
            runner = self._runner = self._spawn(channel, stderr)
        finally:
            os.close(channel)
            os.close(stderr)
        if self._is_stopping:
            self._stop(signal.SIGTERM, None)  # asked amid the start, when there was nobody to tell
        while runner not in self._statuses:
            self._wait()
        self._runner = None
        self._hear()
        self._said = self._close(self._said)
        self._errors = self._close(self._errors)
        if time.monotonic() - begun >= _PROVEN_S:
            self._wait_s = 0.0
        return self._statuses.pop(runner)

    def _spawn(self, channel: int, stderr: int) -> int:
        orders = os.memfd_create("penholder-run")
        try:
            told = {"number": self._number, "how": self._how(), "run": self._orders.run}
            with open(orders, "wb", closefd=False) as file:
                file.write(json.dumps(told).encode())
            os.lseek(orders, 0, os.SEEK_SET)
            program = self._orders.program
            return os.posix_spawn(
                program[0],
                program,
                self._orders.environment,
                file_actions=[
                    (os.POSIX_SPAWN_DUP2, orders, 0),
                    (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                    (os.POSIX_SPAWN_DUP2, stderr, 2),
                    (os.POSIX_SPAWN_DUP2, channel, _CHANNEL),
                ],
                setsigdef=[signal.SIGPIPE, signal.SIGXFSZ],
            )
        finally:
            os.close(orders)

    def _how(self) -> int | None:
        """Return how the command of a killed runner ended; None where nobody saw it."""
        return None if self._command is None else self._statuses.get(self._command)

    def _wait(self, timeout_s: float | None = None) -> None:
        """Wait for a signal, or words of the runner; take them, and reap who has ended."""
        poll = select.poll()
        for descriptor in (self._woken, self._said, self._errors):
            if descriptor != _CLOSED:
                poll.register(descriptor, select.POLLIN)
        ready = dict(poll.poll(None if timeout_s is None else timeout_s * 1000))
        self._reap()
        self._hear()
        if ready.get(self._said, 0) & ~select.POLLIN:
            self._said = self._close(self._said)
        if ready.get(self._errors, 0) & ~select.POLLIN:
            self._errors = self._close(self._errors)

    def _close(self, descriptor: int) -> int:
        if descriptor != _CLOSED:
            os.close(descriptor)
        return _CLOSED

    def _reap(self) -> None:
        with suppress(BlockingIOError):
            os.read(self._woken, _CHUNK_BYTES)
        with suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    return
                if pid in (self._runner, self._command):
                    self._statuses[pid] = os.waitstatus_to_exitcode(status)

    def _hear(self) -> None:
        """Take what the runner has said so far."""
        for line in _read(self._said).splitlines():
            self._note(line.split())
        self._log.write_lines(_read(self._errors))

    def _note(self, words: list[bytes]) -> None:
        """Take one line of the runner's."""
        if words[0] == b"guard":
            self._guard = int(words[1])
        elif words[0] == b"started":
            if self._command is not None:
                self._statuses.pop(self._command, None)
            self._number, self._command = int(words[1]), int(words[2])
        elif words[0] == b"ended":
            self._is_done = True

    def _end_command(self) -> None:
        """See to the end of a command whose runner was killed."""
        deadline = time.monotonic() + self._orders.patience_s + _GUARDS_MARGIN_S
        while self._command_lives() and (left_s := deadline - time.monotonic()) > 0:
            self._wait(left_s)
        self._end_all("was left of the runner")
        self._reap()

    def _command_lives(self) -> bool:
        if self._command is None or self._command in self._statuses:
            return False
        found = stat(self._command)
        return found is not None and found.parent == os.getpid()

    def _end_all(self, what: str) -> None:
        how = end(Descendants(self._guard), self._orders.patience_s)
        if how is not None:
            self._log.write(f"ended by {how} what {what}")

    def _sleep(self) -> None:
        """Wait before another runner: not before the first that follows one which has lived."""
        due = time.monotonic() + self._wait_s
        while not self._is_stopping and (left_s := due - time.monotonic()) > 0:
            self._wait(left_s)
        self._wait_s = min(max(_FIRST_WAIT_S, 2 * self._wait_s), _LONGEST_WAIT_S)


def _read(descriptor: int) -> bytes:
    """Read what is there, and no more."""
    found = b""
    if descriptor == _CLOSED:
        return found
    with suppress(BlockingIOError):
        while chunk := os.read(descriptor, _CHUNK_BYTES):
            found += chunk
    return found


def take(path: str) -> Orders | None:
    """Read and remove orders; None where another one has taken them."""
    try:
        with open(path, "rb") as file:
            orders = Orders(**json.loads(file.read()))
        # Who can remove it has it: of two only one can.
        os.unlink(path)
    except FileNotFoundError:
        return None
    return orders


def become_subreaper() -> None:
    """Have the kernel give this process every descendant whose parent has ended."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "cannot become the subreaper")


def main() -> int:
    """Keep the command that the orders name."""
    orders = take(sys.argv[1])
    if orders is None:
        return 0
    os.umask(orders.umask)
    become_subreaper()
    return Keeper(orders).run()
