"""Text in the cells of a terminal: how many it takes, cut to fit, filled up.

What is cut ends, or begins, with `…`: it must not look whole. A letter may take no cell, one or
two. rich knows which; it takes longer to import than most commands take, so it is asked only where
a text is not plain ASCII.
"""

from typing import Literal

Keep = Literal["start", "end"]
MARK = "…"


def width(text: str) -> int:
    """Return how many cells a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # noqa: PLC0415 - see above

    return cell_len(text)


def fit(text: str, cells: int, keep: Keep = "start") -> str:
    """Cut a text to so many cells; what is kept of it is its start or its end."""
    if width(text) <= cells:
        return text
    if cells < 1:
        return ""
    if keep == "end":
        return MARK + _start(text[::-1], cells - 1)[::-1]
    return _start(text, cells - 1) + MARK


def fill(text: str, cells: int) -> str:
    """Add spaces up to so many cells."""
    return text + " " * (cells - width(text))


def wrap(text: str, cells: int) -> list[str]:
    """Break a text of one line at its spaces, and within a word only where it fits no line."""
    lines = [""]
    for word in text.split():
        for part in _parts(word, cells):
            if lines[-1] and width(lines[-1]) + 1 + width(part) > cells:
                lines.append("")
            lines[-1] = f"{lines[-1]} {part}" if lines[-1] else part
    return lines


def _parts(word: str, cells: int) -> list[str]:
    parts = []
    while width(word) > cells:
        part = _start(word, cells) or word[:1]
        parts.append(part)
        word = word[len(part) :]
    return [*parts, word]


def _start(text: str, cells: int) -> str:
    """Return as much of the start as fits."""
    if text.isascii():
        return text[:cells]
    taken = ""
    for character in text[: cells * 4 + 4]:
        if width(taken + character) > cells:
            break
        taken += character
    return taken
