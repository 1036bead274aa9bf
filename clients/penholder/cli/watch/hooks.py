"""Programs that are to hear of facts: one at a time, none for long, and never in the way.

A thread of its own runs them, so that a slow one holds up nobody who reads along. What they cannot
keep up with is bounded, and what is dropped is said. Each runs in a session of its own; one that
takes too long is killed with all that it has started there. That one fails is said, and nothing
else comes of it.
"""

import os
import select
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType

import msgspec

from penholder.cli.watch.facts import WORDS, Fact

TIMEOUT_S = 30.0
MOST_WAITING = 100
_LAST_WAIT_S = 2.0
_STDERR = 2


class Program(msgspec.Struct, frozen=True):
    """A program to run once: its words, what its environment has more, and its stdin."""

    argv: Sequence[str]
    environment: Mapping[str, str]
    stdin: bytes


Hook = Callable[[Fact], Program]


def command(argv: Sequence[str]) -> Hook:
    """Make a hook of a command: a fact is in its environment and stdin, never in its words."""
    return lambda fact: Program(argv, fact.environment(), fact.json() + b"\n")


class Hooks:
    """Runs hooks for facts; used as a context, at whose end a program that runs is ended."""

    def __init__(
        self,
        hooks: Sequence[Hook],
        say: Callable[[str], None],
        *,
        timeout_s: float = TIMEOUT_S,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        """Take the hooks, and what to say problems with."""
        self._hooks = hooks
        self._say = say
        self._timeout_s = timeout_s
        self._most_waiting = most_waiting
        self._waiting: deque[Fact] = deque()
        self._changed = threading.Condition()
        self._over = threading.Event()
        # To be woken at the end: nothing else would end the wait for a program.
        self._woken, self._wake = os.pipe()
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> "Hooks":
        """Begin."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End, with what runs; what waits is dropped."""
        with self._changed:
            self._over.set()
            dropped = len(self._waiting)
            self._waiting.clear()
            self._changed.notify()
        os.close(self._wake)
        self._thread.join()
        os.close(self._woken)
        if dropped:
            self._say(f"{dropped} facts were not told to a program any more")

    def put(self, fact: Fact) -> None:
        """Have the hooks run for a fact, after those before it."""
        if not self._hooks:
            return
        with self._changed:
            is_full = len(self._waiting) >= self._most_waiting
            if not is_full:
                self._waiting.append(fact)
                self._changed.notify()
        if is_full:
            self._say(
                f"dropped for the program, which does not keep up: {fact.name}"
                f" {WORDS[fact.kind]} ({fact.time})"
            )

    def _work(self) -> None:
        while (fact := self._next()) is not None:
            for hook in self._hooks:
                self._run(hook(fact))

    def _next(self) -> Fact | None:
        with self._changed:
            while not self._waiting and not self._over.is_set():
                self._changed.wait()
            return self._waiting.popleft() if self._waiting else None

    def _run(self, program: Program) -> None:
        if self._over.is_set():
            return
        name = program.argv[0]
        try:
            process = _start(program)
        except OSError as error:
            self._say(f"{name} cannot be run: {error.strerror}")
            return
        is_killed = not self._wait(process, self._timeout_s, self._woken) and self._end(process)
        returncode = process.wait()
        if self._over.is_set():
            return
        if is_killed:
            self._say(f"{name} was killed after {self._timeout_s:g} s")
        elif returncode:
            self._say(f"{name} failed: {_ended(returncode)}")

    def _end(self, process: "subprocess.Popen[bytes]") -> bool:
        """End a program that may not go on, with all of its group."""
        if self._over.is_set():
            os.killpg(process.pid, signal.SIGTERM)
            if self._wait(process, _LAST_WAIT_S):
                return True
        os.killpg(process.pid, signal.SIGKILL)
        return True

    def _wait(self, process: "subprocess.Popen[bytes]", seconds: float, *or_: int) -> bool:
        """Wait until a program has exited, or one of some descriptors ends; True if it has.

        It is not reaped: its number, which is its group's, means nobody else until then.
        """
        handle = os.pidfd_open(process.pid)
        try:
            poll = select.poll()
            for each in (handle, *or_):
                poll.register(each, select.POLLIN)
            return handle in dict(poll.poll(seconds * 1000))
        finally:
            os.close(handle)


def _start(program: Program) -> "subprocess.Popen[bytes]":
    """Start a program in a session of its own."""
    # A file, since a pipe has to be written to while somebody may not read it.
    stdin = os.memfd_create("penholder-fact")
    try:
        os.pwrite(stdin, program.stdin, 0)
        return subprocess.Popen(
            program.argv,
            env={**os.environ, **program.environment},
            stdin=stdin,
            # What is on stdout is ours alone: somebody may read it.
            stdout=_STDERR,
            start_new_session=True,
        )
    finally:
        os.close(stdin)


def _ended(returncode: int) -> str:
    if returncode < 0:
        return f"signal {-returncode}"
    return f"exit status {returncode}"
