"""A worker's output on a terminal, or in a file as it was."""

import sys
from base64 import b64encode
from typing import Protocol

import msgspec

from penholder.cli.terminal.output import on_stdout
from penholder.cli.terminal.text import printable
from penholder.cli.workers.transcript import Piece


class Prints(Protocol):
    """What pieces are given to, one after the other."""

    def wants(self, piece: Piece) -> bool:
        """Tell whether a piece is of a stream that is printed."""

    def print(self, piece: Piece) -> None:
        """Print a piece."""

    def end(self) -> None:
        """Print no more."""


class Printer:
    """Writes pieces to stdout, and knows whether a line stands there unfinished."""

    def __init__(self, *, only: str | None = None, stamps: bool = False, raw: bool = False) -> None:
        """Take which stream is wanted (all without one) and how to write it."""
        self._only = only
        self._stamps = stamps
        self._raw = raw
        self._open: str | None = None

    def wants(self, piece: Piece) -> bool:
        """Tell whether a piece is of a stream that is printed."""
        return self._only in (None, piece.stream)

    def print(self, piece: Piece) -> None:
        """Write a piece; the other stream's begins a line of its own."""
        out = sys.stdout.buffer
        if self._open not in (None, piece.stream):
            out.write(b"\n")
            self._open = None
        if self._stamps and self._open is None:
            out.write(f"{piece.ts} ".encode())
        out.write(piece.content if self._raw else visible(piece.content))
        self._open = None if piece.content.endswith(b"\n") else piece.stream

    def end(self) -> None:
        """Finish the last line where a person reads; a file gets what was written, to the byte."""
        if self._open is not None and sys.stdout.isatty():
            sys.stdout.buffer.write(b"\n")
        sys.stdout.flush()


class _Line(msgspec.Struct, omit_defaults=True):
    """A line for programs: as `text`, or as `base64` where it is no UTF-8; without its newline."""

    ts: str
    stream: str
    text: str | None = None
    base64: str | None = None
    newline: bool = True


class JsonPrinter:
    """Writes pieces as JSON, a record a line."""

    def __init__(self, *, only: str | None = None) -> None:
        """Take which stream is wanted, all without one."""
        self._only = only

    def wants(self, piece: Piece) -> bool:
        """Tell whether a piece is of a stream that is printed."""
        return self._only in (None, piece.stream)

    def print(self, piece: Piece) -> None:
        """Write a piece; one that no newline ends goes on in the next of its stream, or ends it."""
        content = piece.content.removesuffix(b"\n")
        line = _Line(piece.ts, piece.stream, newline=piece.content.endswith(b"\n"))
        try:
            line.text = content.decode()
        except UnicodeDecodeError:
            line.base64 = b64encode(content).decode()
        sys.stdout.buffer.write(on_stdout(msgspec.json.encode(line)) + b"\n")

    def end(self) -> None:
        """See that all is written."""
        sys.stdout.flush()


def visible(content: bytes) -> bytes:
    """Write control characters as escapes; a tab, and the end of a line, are left."""
    text = content.decode("utf-8", "backslashreplace")
    body = text.removesuffix("\n")
    ending = text[len(body) :]
    # What a terminal needs at the end of each line is not shown as something odd.
    body = body.removesuffix("\r") if ending else body
    return ("\t".join(map(printable, body.split("\t"))) + ending).encode()
