"""A disk that loses what was not synced: an SQLite VFS that can tell what power loss would leave.

Every file is the image at its last sync plus the writes since. At the chosen operation a picture is
taken: all of the synced image, and of the later writes whatever the seed keeps, as a real disk
may write them in any order or not at all.
"""

import random
from collections.abc import Callable
from pathlib import Path

import apsw


class PowerLossFile(apsw.VFSFile):
    """A file that remembers what was synced."""

    def __init__(self, disk: "PowerLossDisk", name: object, flags: list[int]) -> None:
        """Open the real file below."""
        super().__init__("", name, flags)  # type: ignore[arg-type]  # a name as apsw handed it over
        self._disk = disk
        self.synced = b""
        self.pending: list[tuple[int, bytes]] = []

    def xWrite(self, data: bytes, offset: int) -> None:
        """Write, and remember that it is not synced."""
        self._disk.tick()
        self.pending.append((offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:
        """Cut the file; this counts as synced, since losing it changes nothing SQLite relies on."""
        self._disk.tick()
        self.synced = self._current()[:newsize]
        self.pending.clear()
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:
        """Sync."""
        self._disk.tick()
        self.synced = self._current()
        self.pending.clear()
        super().xSync(flags)

    def _current(self) -> bytes:
        return _applied(self.synced, self.pending)

    def after_power_loss(self, rng: random.Random) -> bytes:
        """Return what could be there: the synced image and any of the later writes."""
        survivors = rng.random()
        return _applied(self.synced, [w for w in self.pending if rng.random() < survivors])


def _applied(image: bytes, writes: list[tuple[int, bytes]]) -> bytes:
    content = bytearray(image)
    for offset, data in writes:
        if len(content) < offset:
            content += bytes(offset - len(content))
        content[offset : offset + len(data)] = data
    return bytes(content)


class PowerLossDisk(apsw.VFS):
    """Counts operations and takes its picture at one of them."""

    def __init__(self, name: str, seed: int, lose_at: int, lost: Callable[[], None]) -> None:
        """Lose power at operation `lose_at`; `lost` is called at that moment."""
        super().__init__(name, "")
        self.name = name
        self._rng = random.Random(seed)
        self._left = lose_at
        self._lost = lost
        self._files: dict[str, PowerLossFile] = {}
        self.images: dict[str, bytes] = {}

    def xOpen(self, name: object, flags: list[int]) -> PowerLossFile:
        """Open a file through this disk."""
        file = PowerLossFile(self, name, flags)
        path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        self._files[Path(path).name] = file
        return file

    def xDelete(self, filename: str, syncdir: bool) -> None:
        """Delete a file."""
        self._files.pop(Path(filename).name, None)
        super().xDelete(filename, syncdir)

    def tick(self) -> None:
        """Note an operation; the picture is taken before the chosen one."""
        self._left -= 1
        if self._left == 0:
            self.images = {n: f.after_power_loss(self._rng) for n, f in self._files.items()}
            self._lost()
