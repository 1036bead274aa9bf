"""A process that has imported a program, and forks each time somebody wants to run it.

A daemon that starts and stops takes 0.3 s of a processor, and 0.25 of them are imports; tests start
thousands of them. So each pytest worker has one process (`forked.py` starts it with the first that
is wanted) which has imported what the programs need, does nothing else, and has one thread. It is
asked over a socket pair, whose messages carry the three standard streams as descriptors:

    run        module, words, directory and environment; it forks, and answers with the pid
               and a pidfd, by which the test signals and awaits a process that is not its child
    reap PID   it answers with the status of a process that has ended

It reaps only when it is asked to. Until then a process that has ended is a zombie, as a child of
the test would be, so its pid names nobody else.

A child takes the streams, the directory and the environment, closes all else, and runs the module
as `python -W error -m MODULE` would: as `__main__`, to the end of the interpreter. It is a process
with sockets, threads, signals and a memory of its own. What differs from one that was executed:

- `/proc/PID/cmdline` and `environ` are the server's, and its parent is the server;
- all children of a server have the same seed for hashes and the same addresses (`random` and
  SQLite's own numbers begin anew after a fork);
- modules that one program imports late, or another one imports, are there from the beginning;
- memory that was imported is shared, so it counts for less, and no collection looks through it.

What an interpreter reads at its start (`LANG`, `PYTHON…`, `LD_…`, `TZ`) cannot change any more:
`forked.py` executes a program that is to have another value. Tests of just these things execute
always: of command lines, memory, what is imported, limits, wrappers, inherited descriptors.

A pytest worker that is gone has closed its end; then the server kills what is left, and ends.
"""

import gc
import json
import os
import runpy
import signal
import socket
import struct
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TypedDict, final

from penholder_protocol.light_imports import import_light_msgspec

STREAMS = 3
LENGTH = struct.Struct("!Q")
"""What stands before each request; it brings the descriptors."""
PROCESS = struct.Struct("!q")
"""An answer: a pid, which brings a pidfd, or a status."""
_ALL_DESCRIPTORS = 1 << 20


@final
class Order(TypedDict):
    """What is to run, and where."""

    module: str
    words: list[str]
    directory: str
    environment: dict[str, str]


@final
class Reap(TypedDict):
    """A process that has ended, whose status is wanted."""

    reap: int


class _Server:
    """One side of the socket pair, and the children that are not reaped."""

    def __init__(self, asked: socket.socket) -> None:
        self._asked = asked
        self._children: set[int] = set()

    def serve(self) -> Order | None:
        """Serve to the end, which is None; in a child that is forked return what it is to run."""
        while (received := self._receive()) is not None:
            request, streams = received
            if "reap" in request:
                self._reap(request["reap"])
            elif self._fork(streams):
                return request
        for pid in self._children:
            os.kill(pid, signal.SIGKILL)
        return None

    def _receive(self) -> tuple[Order | Reap, list[int]] | None:
        head, streams, _, _ = socket.recv_fds(self._asked, LENGTH.size, STREAMS)
        if not head:
            return None
        (length,) = LENGTH.unpack(head)
        with self._asked.makefile("rb", buffering=0) as requests:
            text = b""
            while len(text) < length:
                text += requests.read(length - len(text)) or b""
        return json.loads(text), streams

    def _reap(self, pid: int) -> None:
        _, status = os.waitpid(pid, 0)
        self._children.remove(pid)
        self._asked.sendall(PROCESS.pack(status))

    def _fork(self, streams: list[int]) -> bool:
        """Return whether this is the child."""
        pid = os.fork()
        if pid == 0:
            self._asked.detach()
            _take(streams)
            return True
        self._children.add(pid)
        handle = os.pidfd_open(pid)
        socket.send_fds(self._asked, [PROCESS.pack(pid)], [handle])
        for descriptor in (handle, *streams):
            os.close(descriptor)
        return False


def _take(streams: Sequence[int]) -> None:
    """Have these as the standard streams, and nothing else."""
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
    os.closerange(STREAMS, _ALL_DESCRIPTORS)
    # Those of the server know of what was there before.
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - to the end of the process
    sys.stdout = open(1, "w", errors=sys.stdout.errors, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", 1, errors=sys.stderr.errors, closefd=False)  # noqa: SIM115


def _become(order: Order) -> None:
    """Run a module as `python -m` would."""
    os.chdir(order["directory"])
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv[1:] = order["words"]
    gc.enable()
    runpy.run_module(order["module"], run_name="__main__", alter_sys=True)


def _import(modules: Sequence[str]) -> None:
    """Import what programs need, for good: no collection looks through it again."""
    gc.disable()
    import_light_msgspec()
    for module in modules:
        import_module(module)
    gc.freeze()


def main() -> None:
    """Serve the socket whose number is the first word, with the modules that are the others."""
    # Ctrl-C at a terminal is for the tests; a child hears it as soon as it runs.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    _import(sys.argv[2:])
    with socket.socket(fileno=int(sys.argv[1])) as asked:
        order = _Server(asked).serve()
    if order is not None:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        _become(order)


if __name__ == "__main__":
    main()
