"""What a command is called in events and messages: all of it where it fits, else cut and marked."""

import os
from collections.abc import Sequence

import msgspec

from penholder_protocol.limits import MAX_VALUE_BYTES
from penholder_protocol.nouns import NewEvent

MAX_NAME_CHARACTERS = 1_000
"""Of a program's name in a message, which may be a worker's last error."""
_ROOM_BYTES = MAX_VALUE_BYTES - 16_384
"""For the words of a command, beside what else an event says of it."""
_LONGEST_WORDS = (65_536, 16_384, 4_096, 1_024, 256)
_CUT = "…"


class CommandWords(msgspec.Struct, frozen=True):
    """The words of a command as an event can hold them."""

    argv: list[str]
    cut: dict[str, int] | None
    """How much there was, where this is not all."""
    is_escaped: bool
    """Whether bytes that are no UTF-8 are escapes here."""

    def fields(self) -> dict[str, object]:
        """Return the fields of an event."""
        cut = {} if self.cut is None else {"argv_cut": self.cut}
        escaped = {"argv_escaped": True} if self.is_escaped else {}
        return {"argv": self.argv, **cut, **escaped}


def event(type_: str, **data: object) -> NewEvent:
    """Make an event."""
    return NewEvent(type=type_, data=msgspec.Raw(msgspec.json.encode(data)))


def text_of(word: str) -> str:
    """Write a word with escapes for bytes that are no UTF-8."""
    return os.fsencode(word).decode("utf-8", "backslashreplace")


def name_of(argv: Sequence[str]) -> str:
    """Return what a command is called in a message."""
    return _shortened(text_of(argv[0]), MAX_NAME_CHARACTERS)


def words_that_fit(argv: Sequence[str]) -> CommandWords:
    """Return the words; where they do not fit, long ones are cut first and then the last left out.

    A word that was cut ends in `…`.
    """
    words = [text_of(word) for word in argv]
    is_escaped = any(word != text for word, text in zip(argv, words, strict=True))
    if _size(words) <= _ROOM_BYTES:
        return CommandWords(words, None, is_escaped)
    cut = {"words": len(argv), "bytes": sum(len(os.fsencode(word)) for word in argv)}
    # As much of each as fits: a little is cut off before much is.
    for longest in _LONGEST_WORDS:
        words = [_shortened(word, longest) for word in words]
        if _size(words) <= _ROOM_BYTES:
            return CommandWords(words, cut, is_escaped)
    kept: list[str] = []
    left = _ROOM_BYTES
    for word in words:
        left -= _size([word])
        if left < 0:
            break
        kept.append(word)
    return CommandWords(kept, cut, is_escaped)


def _shortened(word: str, longest: int) -> str:
    return word if len(word) <= longest else word[:longest] + _CUT


def _size(words: Sequence[str]) -> int:
    return len(msgspec.json.encode(words))
