"""The log of a keeper and its runners: made when there is something to say, and never large."""

import os
import time

MAX_BYTES = 1 << 20
_KEPT_BYTES = MAX_BYTES // 2


class Log:
    """A file of lines; when it is full, its newer half is kept."""

    def __init__(self, path: str) -> None:
        """Name the file."""
        self._path = path

    def write(self, text: str) -> None:
        """Add a line of the keeper's own."""
        self.write_lines(f"{text}\n".encode("utf-8", "backslashreplace"))

    def write_lines(self, text: bytes) -> None:
        """Add lines, each with the time; what cannot be written is left out."""
        if not text:
            return
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ ", time.gmtime()).encode()
        lines = b"".join(now + line + b"\n" for line in text.splitlines())
        try:
            self._add(lines[-_KEPT_BYTES:])
        except OSError:
            # A full disk, or a directory that was removed: there is nowhere else to say it.
            return

    def _add(self, lines: bytes) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(self._path, flags, 0o600)
        try:
            os.fchmod(descriptor, 0o600)
            if os.fstat(descriptor).st_size + len(lines) > MAX_BYTES:
                _halve(descriptor)
            os.write(descriptor, lines)
        finally:
            os.close(descriptor)


def _halve(descriptor: int) -> None:
    size = os.fstat(descriptor).st_size
    begin = max(0, size - _KEPT_BYTES)
    kept = os.pread(descriptor, _KEPT_BYTES, begin)
    os.ftruncate(descriptor, 0)
    if begin:
        # From the beginning of a line.
        kept = kept.partition(b"\n")[2]
    os.write(descriptor, kept)
