"""Programs of a test that run in a real terminal, whose other end the test holds."""

import fcntl
import os
import re
import select
import signal
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.helpers.daemon_process import DaemonProcess

LIMIT_S = 60.0
_HANG_UP_S = 3.0
_LOOK_S = 0.05
_READ_BYTES = 64 << 10


class InTerminal:
    """A program that leads a session with a terminal of its own."""

    def __init__(
        self,
        argv: Sequence[str],
        environment: Mapping[str, str],
        size: tuple[int, int] = (24, 80),
        *,
        is_controlling: bool = True,
    ) -> None:
        """Start it in a terminal of that many lines and columns."""
        self.fd, its_fd = os.openpty()
        termios.tcsetwinsize(self.fd, size)
        self.modes_before: list[Any] = termios.tcgetattr(its_fd)
        self._its_fd = its_fd
        self.process = subprocess.Popen(
            argv,
            stdin=its_fd,
            stdout=its_fd,
            stderr=its_fd,
            env=dict(environment),
            start_new_session=True,
            preexec_fn=_take_control if is_controlling else None,  # noqa: PLW1509 - it only asks the kernel
        )
        self._read = b""
        self.seen = b""
        """All that it has written so far."""

    def type(self, keys: str | bytes) -> None:
        """Type, as fast as the terminal takes it."""
        left = keys.encode() if isinstance(keys, str) else keys
        while left:
            left = left[os.write(self.fd, left) :]

    def wait_for(self, pattern: str) -> re.Match[bytes]:
        """Read until what came since the last match has this in it."""
        wanted = re.compile(pattern.encode(), re.DOTALL)
        deadline = time.monotonic() + LIMIT_S
        while (found := wanted.search(self._read)) is None:
            assert self._read_some(deadline), f"no {pattern!r} in {self._read!r}"
        self._read = self._read[found.end() :]
        return found

    def _read_some(self, deadline: float) -> bool:
        left = max(0.0, deadline - time.monotonic())
        if not select.select([self.fd], [], [], left)[0]:
            return False
        try:
            chunk = os.read(self.fd, _READ_BYTES)
        except OSError:  # all have closed their end
            return False
        self._read += chunk
        self.seen += chunk
        return bool(chunk)

    def resize(self, lines: int, columns: int) -> None:
        """Change the size of its terminal, which it is told by SIGWINCH."""
        termios.tcsetwinsize(self.fd, (lines, columns))

    @property
    def modes(self) -> list[Any]:
        """The modes of its terminal now."""
        return termios.tcgetattr(self._its_fd)

    @property
    def is_raw(self) -> bool:
        """Whether keys come to it one by one."""
        return not self.modes[3] & termios.ICANON

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def end(self) -> int:
        """Wait for its end, and read what it says last; returns its exit status."""
        deadline = time.monotonic() + LIMIT_S
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"it goes on: {self.seen!r}"
            self._read_some(time.monotonic() + _LOOK_S)
        while select.select([self.fd], [], [], 0)[0] and self._read_some(deadline):
            pass
        return self.process.returncode

    def clean_up(self) -> None:
        """End it if the test has not, and close the terminal.

        As a terminal that is closed does, and twice for who has nobody to wait for: a runner that
        is killed outright would leave a guard which looks for a daemon for minutes.
        """
        for _ in range(2):
            if self.process.poll() is None:
                self.signal(signal.SIGHUP)
                self._drain(_HANG_UP_S)
        with self.process:
            self.process.kill()
        os.close(self.fd)
        os.close(self._its_fd)

    def _drain(self, within_s: float) -> None:
        deadline = time.monotonic() + within_s
        while self.process.poll() is None and time.monotonic() < deadline:
            self._read_some(time.monotonic() + _LOOK_S)


StartInTerminal = Callable[..., InTerminal]

LOOK = """
import os, signal, sys, termios
def tell(*_):
    os.write(1, b"size %d %d\\n" % termios.tcgetwinsize(0))
signal.signal(signal.SIGWINCH, tell)
tell()
for line in iter(sys.stdin.readline, ""):
    os.write(1, b"got " + line.encode())
"""
"""Tells the size of its terminal whenever it changes, and says back each line that is typed."""


def is_in_front(running: InTerminal, name: str) -> bool:
    """Tell whether a program of this name has the terminal that `penholder run` gave a command."""
    stats = {pid: stat for pid in os.listdir("/proc") if pid.isdigit() and (stat := _stat(pid))}
    for found, _, _, group, session, _, in_front in stats.values():
        leader = stats.get(session)
        is_below = leader is not None and leader[2] == str(running.process.pid)
        if is_below and found == name and group == in_front:
            return True
    return False


def _stat(pid: str) -> list[str]:
    """Return name, state, parent, group, session, terminal and the group in front."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return []
    before, _, after = text.rpartition(")")
    return [before.partition("(")[2], *after.split()[:6]]


def _take_control() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def entries(daemon: DaemonProcess) -> list[tuple[str, dict[str, object]]]:
    """Return who attached to `w` and detached, in order."""
    with daemon.connect() as control:
        events = control.call("event.list", worker_id="w", limit=1000)["items"]
    known = ("attached", "detached")
    return [(event["type"], event["data"]) for event in events if event["type"] in known]
