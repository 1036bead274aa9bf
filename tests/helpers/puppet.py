"""A worker process of its own that does what a test tells it, until it is killed."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.helpers.daemon_process import Json

WORKER = """
import json, socket, sys
sock = socket.socket(socket.AF_UNIX)
sock.connect(sys.argv[1])
lines = sock.makefile("rb")
for line in sys.stdin:
    if line.strip():
        sock.sendall(line.encode())
    print(lines.readline().decode(), end="", flush=True)
"""

THREADED = f"""
import ctypes, threading
def live():
    exec(compile({WORKER!r}, "worker", "exec"))
threading.Thread(target=live).start()
ctypes.CDLL(None).syscall(60, 0)
"""
"""The same in a second thread; the main one has ended, by an exit(2) of that thread alone."""


class Puppet:
    """A worker process of its own that sends what it is told."""

    def __init__(self, path: str, script: str = WORKER) -> None:
        """Start it; it is connected when it answers."""
        self.process = subprocess.Popen(
            [sys.executable, "-c", script, path],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def call(self, method: str, params: str = "{}") -> Json:
        """Have it call a method; returns the whole answer."""
        self._tell(f'{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}\n')
        return self._hear()

    def read(self) -> Json:
        """Return what comes next on its connection."""
        self._tell("\n")
        return self._hear()

    def _tell(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line)
        self.process.stdin.flush()

    def _hear(self) -> Json:
        assert self.process.stdout is not None
        return dict(json.loads(self.process.stdout.readline()))

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait(timeout=30)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


@contextmanager
def puppet(path: str, script: str = WORKER) -> Iterator[Puppet]:
    """Give a worker process that is ended with the block."""
    made = Puppet(path, script)
    try:
        yield made
    finally:
        made.kill()
