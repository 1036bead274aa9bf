"""A process of a test that a server forks, which has imported its program.

`fork_server.py` says how, and what differs from a process that was executed. `own_programs.py` has
a server for each of our programs.
"""

import json
import os
import select
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO, TypeAlias

from tests.helpers.fork_server import LENGTH, PROCESS, Order, Reap

_ROOT = Path(__file__).parents[2]
_READ_BYTES = 64 << 10
_WRITE_BYTES = select.PIPE_BUF
"""So many a pipe takes at once that takes any."""
_OF_THE_INTERPRETER = ("PYTHON", "LC_", "LANG", "LD_", "MALLOC_", "GLIBC_", "TZ")
"""How variables begin that are read when a process is executed."""

Stream: TypeAlias = int | IO[bytes] | IO[str]
"""A descriptor, a file, or what `subprocess` has for a pipe or for nothing."""


class Forked:
    """A process as `subprocess.Popen` has it, so far as tests of ours use that."""

    def __init__(self, server: "ForkServer", order: Order, *streams: Stream) -> None:
        """Fork it, with stdin, stdout and stderr."""
        self._server = server
        self.args = [order["module"], *order["words"]]
        self.returncode: int | None = None
        stdin, stdout, stderr = map(_Ends, streams, ("wb", "rb", "rb"))
        try:
            self.pid, handle = server.fork(order, [stdin.given, stdout.given, stderr.given])
        finally:
            for each in (stdin, stdout, stderr):
                each.close_given()
        # An open file, so that a process which a test forgets is told of.
        self._handle = open(handle, "rb", buffering=0)  # noqa: SIM115 - until it is reaped
        self.stdin, self.stdout, self.stderr = stdin.kept, stdout.kept, stderr.kept

    def __enter__(self) -> "Forked":
        """Be a context."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the streams and wait for the end."""
        for stream in (self.stdin, self.stdout, self.stderr):
            if stream is not None:
                stream.close()
        self.wait()

    def poll(self) -> int | None:
        """Return how it ended, or None while it runs."""
        if self.returncode is None and _ends(self._handle, 0):
            self._reap()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end, and return how it ended."""
        if self.returncode is None:
            if not _ends(self._handle, timeout):
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            self._reap()
        assert self.returncode is not None
        return self.returncode

    def _reap(self) -> None:
        self.returncode = self._server.reap(self.pid)
        self._handle.close()

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it has not ended."""
        if self.poll() is None:
            signal.pidfd_send_signal(self._handle.fileno(), number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def communicate(
        self, given: bytes | None = None, timeout: float | None = None
    ) -> tuple[bytes, bytes]:
        """Write to its stdin, and read the others to their ends and its own."""
        deadline = None if timeout is None else time.monotonic() + timeout
        exchange = _Exchange(self, given or b"")
        exchange.carry_out(deadline)
        self.wait(_left(deadline))
        return exchange.of(self.stdout), exchange.of(self.stderr)


class _Ends:
    """A stream of a process: the end that is given to it, and the one that is kept."""

    def __init__(self, stream: Stream, mode: str) -> None:
        self.kept: IO[bytes] | None = None
        self._is_own = True
        if stream == subprocess.PIPE:
            self.given, kept = os.pipe() if mode == "wb" else reversed(os.pipe())
            self.kept = os.fdopen(kept, mode)
        elif stream == subprocess.DEVNULL:
            self.given = os.open(os.devnull, os.O_RDWR)
        else:
            self.given = stream if isinstance(stream, int) else stream.fileno()
            self._is_own = False

    def close_given(self) -> None:
        """Leave that end to the process alone."""
        if self._is_own:
            os.close(self.given)


class ForkServer:
    """The side of the test."""

    def __init__(self, modules: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start one that imports modules."""
        self._lock = threading.Lock()
        self._variables = _of_the_interpreter(environment)
        self._asking, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-W", "error", "-m", "tests.helpers.fork_server",
                 str(theirs.fileno()), *modules],
                cwd=_ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )  # fmt: skip

    def suits(self, environment: Mapping[str, str]) -> bool:
        """Tell whether a fork can have this environment: all of it is read after a start."""
        return _of_the_interpreter(environment) == self._variables

    def fork(self, order: Order, streams: list[int]) -> tuple[int, int]:
        """Fork a process; returns its pid and a pidfd."""
        with self._lock:
            self._ask(order, streams)
            answer, handles, _, _ = socket.recv_fds(self._asking, PROCESS.size, 1)
        (pid,) = PROCESS.unpack(answer)
        (handle,) = handles
        os.set_inheritable(handle, False)
        return pid, handle

    def reap(self, pid: int) -> int:
        """Return how a process ended that has."""
        with self._lock:
            self._ask({"reap": pid}, [])
            (status,) = PROCESS.unpack(self._asking.recv(PROCESS.size))
        return os.waitstatus_to_exitcode(status)

    def _ask(self, request: Order | Reap, streams: list[int]) -> None:
        text = json.dumps(request).encode()
        socket.send_fds(self._asking, [LENGTH.pack(len(text))], streams)
        self._asking.sendall(text)

    def end(self) -> None:
        """Have it end what is left, and wait for it."""
        self._asking.close()
        self._process.wait()


class _Exchange:
    """What is written to a process and what it says, by whatever is ready."""

    def __init__(self, process: Forked, given: bytes) -> None:
        self._process = process
        self._given = given
        self._said = {each: b"" for each in (process.stdout, process.stderr) if each is not None}

    def carry_out(self, deadline: float | None) -> None:
        """Write what it takes, and read to the end."""
        with selectors.DefaultSelector() as selector:
            for stream in self._said:
                selector.register(
                    stream.fileno(), selectors.EVENT_READ, partial(self._read, stream)
                )
            if self._process.stdin is not None:
                selector.register(self._process.stdin.fileno(), selectors.EVENT_WRITE, self._write)
            while selector.get_map():
                ready = selector.select(_left(deadline))
                if not ready:
                    raise subprocess.TimeoutExpired(self._process.args, 0)
                for each in (key for key, _ in ready if not key.data()):
                    selector.unregister(each.fileobj)

    def of(self, stream: IO[bytes] | None) -> bytes:
        """Return what was said on a stream."""
        return b"" if stream is None else self._said[stream]

    def _read(self, stream: IO[bytes]) -> bool:
        """Read what there is; returns whether there may be more."""
        chunk = os.read(stream.fileno(), _READ_BYTES)
        self._said[stream] += chunk
        if not chunk:
            stream.close()
        return bool(chunk)

    def _write(self) -> bool:
        """Write what the pipe takes at once; returns whether there is more, and who reads it."""
        assert self._process.stdin is not None
        try:
            count = os.write(self._process.stdin.fileno(), self._given[:_WRITE_BYTES])
            self._given = self._given[count:]
        except BrokenPipeError:
            self._given = b""
        if not self._given:
            self._process.stdin.close()
        return bool(self._given)


def _of_the_interpreter(environment: Mapping[str, str]) -> dict[str, str]:
    return {k: v for k, v in environment.items() if k.startswith(_OF_THE_INTERPRETER)}


def _ends(handle: IO[bytes], timeout_s: float | None) -> bool:
    """Wait for the end of the process that a pidfd is of; its number may be any."""
    waiting = select.poll()
    waiting.register(handle, select.POLLIN)
    return bool(waiting.poll(None if timeout_s is None else timeout_s * 1000))


def _left(deadline: float | None) -> float | None:
    return None if deadline is None else max(0.0, deadline - time.monotonic())
