"""A real disk that is small: a tmpfs in a mount namespace of its own, for one test."""

import os
import subprocess
from pathlib import Path

_MOUNT = 'mount -t tmpfs -o "size=$1,nr_inodes=$2,mode=700" tmpfs "$0" && echo mounted && exec cat'


class SmallDisk:
    """Holds the namespace; it is gone with `end`, and no mount is left on the machine."""

    def __init__(self, at: Path, size: str, inodes: int) -> None:
        """Mount it at a path that only processes with `wrapper` see it under."""
        at.mkdir()
        self._holder = subprocess.Popen(
            ["unshare", "-m", "--propagation", "private", "sh", "-c", _MOUNT, str(at), size,
             str(inodes)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == "mounted\n"
        self._at = at

    @property
    def wrapper(self) -> list[str]:
        """What a command is run with to see the disk."""
        return ["nsenter", "-t", str(self._holder.pid), "-m", "--"]

    @property
    def path(self) -> Path:
        """Where this process sees it."""
        return Path(f"/proc/{self._holder.pid}/root{self._at}")

    def fill(self) -> None:
        """Leave no byte."""
        with (self.path / "filler").open("wb", buffering=0) as filler:
            for size in (1 << 16, 1 << 12, 1):
                while _takes(filler.fileno(), size):
                    continue

    def use_up_inodes(self) -> None:
        """Leave no inode."""
        directory = self.path / "many"
        directory.mkdir()
        for number in range(1 << 20):
            try:
                (directory / str(number)).touch()
            except OSError:
                return

    def free(self) -> None:
        """Give all back that was taken."""
        (self.path / "filler").unlink(missing_ok=True)
        for each in (self.path / "many").glob("*"):
            each.unlink()

    def remount(self, how: str) -> None:
        """Make it read-only (`ro`) or writable (`rw`); nobody may have it open for writing."""
        options = f"remount,{how}"
        subprocess.run([*self.wrapper, "mount", "-o", options, str(self._at)], check=True)

    def end(self) -> None:
        """Unmount it by letting go of its namespace."""
        assert self._holder.stdin is not None
        assert self._holder.stdout is not None
        self._holder.stdin.close()
        self._holder.wait(timeout=30)
        self._holder.stdout.close()


def _takes(descriptor: int, size: int) -> bool:
    try:
        return os.write(descriptor, bytes(size)) > 0
    except OSError:
        return False
