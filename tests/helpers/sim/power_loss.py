"""A disk that loses what was not synced: an SQLite VFS that can tell what power loss would leave.

Every file is the image at its last sync plus the writes since. At the chosen operation a picture is
taken: all of the synced image, and of the later writes whatever the seed keeps, as a real disk
may write them in any order or not at all. A sync can be made to fail: what was to be synced is then
taken for clean by the kernel, reads see it, and it never comes to the disk unless written anew.
"""

import random
from collections.abc import Callable, Mapping
from pathlib import Path

import apsw
from typing_extensions import Buffer


class Image:
    """What of one file is on the disk, and what was written since; shared by all its handles."""

    def __init__(self, synced: bytes) -> None:
        """Begin with what is there."""
        self.synced = synced
        self.pending: list[tuple[int, bytes]] = []

    def current(self) -> bytes:
        """Return what the kernel shows."""
        return _applied(self.synced, self.pending)

    def sync(self, content: bytes) -> None:
        """Have this on the disk."""
        self.synced = content
        self.pending.clear()

    def after_power_loss(self, rng: random.Random) -> bytes:
        """Return what could be there: the synced image and any of the later writes."""
        survivors = rng.random()
        return _applied(self.synced, [w for w in self.pending if rng.random() < survivors])


class PowerLossFile(apsw.VFSFile):
    """A file that remembers what was synced."""

    def __init__(self, disk: "PowerLossDisk", name: object, flags: list[int]) -> None:
        """Open the real file below."""
        super().__init__("", name, flags)  # type: ignore[arg-type]  # a name as apsw handed it over
        self._disk = disk
        self._image = disk.image(_short(name))

    def xWrite(self, data: Buffer, offset: int) -> None:
        """Write, and remember that it is not synced."""
        self._disk.tick()
        self._image.pending.append((offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:
        """Cut the file; this counts as synced, since losing it changes nothing SQLite relies on."""
        self._disk.tick()
        self._image.sync(self._image.current()[:newsize])
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:
        """Sync, or fail to and let the kernel forget what was to be synced."""
        self._disk.tick()
        if self._disk.fails_now():
            self._image.pending.clear()
            raise apsw.IOError("the sync failed")
        self._image.sync(self._image.current())
        super().xSync(flags)


def _applied(image: bytes, writes: list[tuple[int, bytes]]) -> bytes:
    content = bytearray(image)
    for offset, data in writes:
        if len(content) < offset:
            content += bytes(offset - len(content))
        content[offset : offset + len(data)] = data
    return bytes(content)


def _short(name: object) -> str:
    path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
    return Path(path).name


class PowerLossDisk(apsw.VFS):
    """Counts operations and takes its picture at one of them."""

    def __init__(
        self,
        name: str,
        seed: int,
        lose_at: int,
        lost: Callable[[], None],
        *,
        fail_sync_at: int = 0,
        begin_with: Mapping[str, bytes] | None = None,
    ) -> None:
        """Lose power at operation `lose_at`; `lost` is called at that moment.

        `fail_sync_at` has that sync fail, `begin_with` says what of each file is on the disk.
        """
        super().__init__(name, "")
        self.name = name
        self.begin_with = begin_with or {}
        self._syncs_left = fail_sync_at
        self._rng = random.Random(seed)
        self._left = lose_at
        self._lost = lost
        self._files: dict[str, Image] = {}
        self.images: dict[str, bytes] = {}

    def xOpen(self, name: object, flags: list[int]) -> PowerLossFile:
        """Open a file through this disk."""
        return PowerLossFile(self, name, flags)

    def image(self, name: str) -> Image:
        """Return what is known of a file."""
        if name not in self._files:
            self._files[name] = Image(self.begin_with.get(name, b""))
        return self._files[name]

    def fails_now(self) -> bool:
        """Tell whether this is the sync that fails."""
        self._syncs_left -= 1
        return self._syncs_left == 0

    def on_disk(self) -> dict[str, bytes]:
        """Return what of each file is on the disk for sure."""
        return {name: file.synced for name, file in self._files.items()}

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
