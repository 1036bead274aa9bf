"""The last of what a command wrote to its terminal, for who comes later."""

from penholder.cli.run.pty_modes import Modes, without_queries

KEPT_BYTES = 64 << 10
_LOOK_BYTES = 4 << 10
"""How far it is looked for a place to begin at."""


class Screen:
    """Keeps the last 64 KiB, and what was switched on before them."""

    def __init__(self) -> None:
        """Begin empty."""
        self._kept = bytearray()
        self._before = Modes()
        self._is_cut = False

    def feed(self, written: bytes) -> None:
        """Add what was written."""
        self._kept += written
        over = len(self._kept) - KEPT_BYTES
        # Some at a time: moving all for every byte would cost more than the bytes.
        if over > KEPT_BYTES:
            self._before.feed(bytes(self._kept[:over]))
            del self._kept[:over]
            self._is_cut = True

    def replay(self) -> bytes:
        """Return what shows a fresh terminal the last that was written."""
        over = max(0, len(self._kept) - KEPT_BYTES)
        modes = self._before.copy()
        modes.feed(bytes(self._kept[:over]))
        last = bytes(self._kept[over:])
        if over or self._is_cut:
            skipped = _begin(last)
            modes.feed(last[:skipped])
            last = last[skipped:]
        return modes.switched_on() + without_queries(last)


def _begin(last: bytes) -> int:
    """Find where a line or a sequence begins: what was cut in two would show as text."""
    look = last[:_LOOK_BYTES]
    places = [at for at in (look.find(b"\x1b"), look.find(b"\n") + 1) if at > 0]
    return min(places, default=0)
