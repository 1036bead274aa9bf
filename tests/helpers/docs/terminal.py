"""A person's terminal, 100 by 30: a shell that stays, in a home of its own, and what is typed."""

import os
import re
import secrets
import select
import signal
import subprocess
import sys
import termios
import time
from contextlib import suppress
from fcntl import ioctl
from pathlib import Path
from struct import pack

from tests.helpers.waiting import until

PATIENCE_S = 60.0
_COLUMNS, _ROWS = 100, 30
_ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")
_SESSION = "PENHOLDER_TEST_SESSION"


class Terminal:
    """A shell on a pty. Everything that it leaves behind is ended with it."""

    def __init__(self, home: Path) -> None:
        """Start it in its home."""
        self.home = home
        self._session = secrets.token_hex(8)
        (home / "run").mkdir(mode=0o700)
        self._read, slave = os.openpty()
        ioctl(slave, termios.TIOCSWINSZ, pack("HHHH", _ROWS, _COLUMNS, 0, 0))
        settings = termios.tcgetattr(slave)
        settings[3] &= ~termios.ECHO
        termios.tcsetattr(slave, termios.TCSANOW, settings)
        typed, self._type = os.pipe()
        # What is typed comes by a pipe, so that the commands have the terminal to themselves.
        self._shell = subprocess.Popen(
            ["setsid", "--ctty", "bash", "--noprofile", "--norc", f"/dev/fd/{typed}"],
            stdin=slave, stdout=slave, stderr=slave, pass_fds=[typed], cwd=home,
            env=self._environment(),
        )  # fmt: skip
        os.close(slave)
        os.close(typed)
        self._said = b""
        self.run("trap : INT")

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "USER": "ada",
            "LANG": "C.UTF-8",
            "TERM": "xterm",
            "NO_COLOR": "1",
            "XDG_RUNTIME_DIR": str(self.home / "run"),
            "PYTHONWARNINGS": "error",
            _SESSION: self._session,
        }

    def run(self, command: str) -> tuple[str, int]:
        """Type a command; returns what it prints, and its exit status."""
        mark = self.begin(command)
        return self.end(mark)

    def begin(self, command: str) -> str:
        """Type a command and wait for nothing; returns what its end is known by."""
        self._said = b""
        mark = secrets.token_hex(8)
        line = f"{command}\n__status=$?; printf '\\036{mark} %s\\n' $__status\n"
        os.write(self._type, line.encode())
        return mark

    def said(self) -> str:
        """Return what is on the terminal since the last command began."""
        self._take(0)
        return _plain(self._said)

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        os.write(self._read, b"\x03")

    def end(self, mark: str) -> tuple[str, int]:
        """Wait until a command has ended; returns what it printed, and its exit status."""
        ended = re.compile(rb"\x1e" + mark.encode() + rb" (\d+)\r?\n")
        deadline = time.monotonic() + PATIENCE_S
        while not (found := ended.search(self._said)):
            left = deadline - time.monotonic()
            assert left > 0, f"it does not end, and said:\n{_plain(self._said)}"
            self._take(left)
        return _plain(self._said[: found.start()]), int(found[1])

    def _take(self, seconds: float) -> None:
        while select.select([self._read], [], [], seconds)[0]:
            self._said += os.read(self._read, 1 << 16)
            seconds = 0

    def close(self) -> None:
        """End the shell, and whatever was started in it."""
        os.close(self._type)
        for number in (signal.SIGTERM, signal.SIGKILL):
            for pid in self._left():
                _signal(pid, number)
        self._shell.wait(PATIENCE_S)
        os.close(self._read)
        until(lambda: not self._left(), "something outlives the terminal")

    def _left(self) -> list[int]:
        """Return the processes that have this session in their environment."""
        told = f"{_SESSION}={self._session}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and told in _environment_of(entry):
                found.append(int(entry.name))
        return found


def _environment_of(process: Path) -> list[bytes]:
    try:
        return (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return []  # it has ended, or is somebody else's


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # it has ended by itself
        os.kill(pid, number)


def _plain(said: bytes) -> str:
    text = _ESCAPES.sub(b"", said).decode("utf-8", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")
