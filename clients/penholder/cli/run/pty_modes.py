"""What a program has switched on in a terminal, read from what it wrote.

A full-screen program switches to the other screen, hides the cursor, asks for the mouse. Who comes
later needs the same switched on, and who leaves earlier needs it off, or the shell is left with a
terminal that nobody can use. Only switches are known here, no screen.
"""

import re
from collections.abc import Callable

_SWITCH = re.compile(rb"\x1b\[\?([0-9;]{1,64})([hl])|\x1b\[>([0-9;]{0,16})u|\x1b([=>])")
_LONGEST = 80
"""Of a switch that may have come in part."""
_ON_AT_FIRST = frozenset({b"7", b"25"})
"""Wrapping, and the cursor."""
_WATCHED = frozenset(
    b"1 7 9 25 47 1000 1001 1002 1003 1004 1005 1006 1015 1016 1047 1049 2004 2026".split()
)
_QUERIES = re.compile(
    rb"\x05|\x1bZ|\x1b\[[0-9;?>=]*c|\x1b\[\??[0-9;]*n|\x1b\[>[0-9;]*q|\x1b\[\?u|\x1b\[[0-9;?]*\$p"
    rb"|\x1b\[1[4568]t|\x1b\[2[01]t|\x1bP[+$]q[^\x1b]*\x1b\\"
    rb"|\x1b\][0-9;]*\?(?:\x07|\x1b\\)"
)


class Modes:
    """The switches after all that was fed."""

    def __init__(self) -> None:
        """Begin with a terminal as it is at first."""
        self._changed: dict[bytes, bool] = {}
        self._keypad = False
        self._keyboards = 0
        self._tail = b""

    def copy(self) -> "Modes":
        """Return the same switches, to go on from by themselves."""
        other = Modes()
        other._changed = dict(self._changed)
        other._keypad, other._keyboards = self._keypad, self._keyboards
        other._tail = self._tail
        return other

    def feed(self, written: bytes) -> None:
        """Note what was switched; a switch may come in two chunks."""
        text = self._tail + written
        end = 0
        for found in _SWITCH.finditer(text):
            self._note(found)
            end = found.end()
        rest = text[max(end, len(text) - _LONGEST) :]
        begin = rest.rfind(b"\x1b")
        self._tail = rest[begin:] if begin >= 0 else b""

    def _note(self, found: re.Match[bytes]) -> None:
        numbers, way, keyboard, keypad = found.groups()
        if numbers is not None:
            for number in set(numbers.split(b";")) & _WATCHED:
                self._changed[number] = way == b"h"
        elif keyboard is not None:
            self._keyboards = min(self._keyboards + 1, 16)
        else:
            self._keypad = keypad == b"="

    def switched_on(self) -> bytes:
        """Return what brings a fresh terminal to the same switches."""
        switches = self._switches(lambda on: on)
        return switches + (b"\x1b=" if self._keypad else b"")

    def switched_back(self) -> bytes:
        """Return what brings a terminal from these switches to how it was at first."""
        keyboards = b"\x1b[<%du" % self._keyboards if self._keyboards else b""
        keypad = b"\x1b>" if self._keypad else b""
        return keyboards + self._switches(lambda on: not on) + keypad + b"\x1b[0m"

    def _switches(self, way: Callable[[bool], bool]) -> bytes:
        return b"".join(
            b"\x1b[?%b%b" % (number, b"h" if way(is_on) else b"l")
            for number, is_on in sorted(self._changed.items())
            if is_on != (number in _ON_AT_FIRST)
        )


def without_queries(written: bytes) -> bytes:
    """Leave out what a terminal would answer, as the answer would count as typed."""
    return _QUERIES.sub(b"", written)
