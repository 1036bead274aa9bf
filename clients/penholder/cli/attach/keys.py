"""Ctrl-P Ctrl-Q among what is typed.

A lone Ctrl-P means something to most programs, so it must get through: with the next key, or after
a while without one. Terminals have several ways to write both keys: as control characters, and as a
program may have asked for them (kitty's keyboard protocol, xterm's modifyOtherKeys).
"""

import re

PATIENCE_S = 1.0
"""How long a Ctrl-P waits for its Ctrl-Q."""
_P = rb"(?:\x10|\x1b\[112;5(?::1)?u|\x1b\[27;5;112~)"
_Q = rb"(?:\x11|\x1b\[113;5(?::1)?u|\x1b\[27;5;113~)"
_BOTH = re.compile(_P + _Q)
_ENDS_IN_P = re.compile(_P + rb"\Z")


class DetachKeys:
    """Looks through what is typed; keeps a Ctrl-P at its end back."""

    def __init__(self) -> None:
        """Begin with nothing kept."""
        self._kept = b""
        self.is_detached = False

    @property
    def is_waiting(self) -> bool:
        """Whether a Ctrl-P is kept back."""
        return bool(self._kept)

    def feed(self, typed: bytes) -> bytes:
        """Return what is to be passed on; what comes after Ctrl-P Ctrl-Q is dropped."""
        text, self._kept = self._kept + typed, b""
        if both := _BOTH.search(text):
            self.is_detached = True
            return text[: both.start()]
        if last := _ENDS_IN_P.search(text):
            self._kept = text[last.start() :]
            return text[: last.start()]
        return text

    def give_up(self) -> bytes:
        """Return the Ctrl-P that waited for nothing."""
        kept, self._kept = self._kept, b""
        return kept
