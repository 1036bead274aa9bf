"""Where a picture goes: a file of one's own, private, and never in place of something else.

A picture tells what workers asked and were told, so its file is for its owner alone. What is there
under its name is replaced only if it is an older picture, or with `--force`; something that is no
regular file (a device, a link, a pipe) never is.
"""

import os
import stat
from pathlib import Path
from typing import Literal

from penholder.cli.terminal import files
from penholder.cli.terminal.failures import Failure, Usage
from penholder.cli.timeline.drawing import MARKER

Format = Literal["html", "svg"]
DEFAULT = "penholder-timeline.html"
STDOUT = "-"
_MODE = 0o600
_LOOKED_AT_BYTES = 4_096


def format_of(out: str, said: Format | None) -> Format:
    """Return how to write a picture: as was said, or as its name ends."""
    named: Format = "svg" if out.lower().endswith(".svg") else "html"
    if said is None or out == STDOUT:
        return said or named
    if said != named and Path(out).suffix.lower() in (".svg", ".html", ".htm"):
        raise Usage(f"--format {said} does not go with {out!r}")
    return said


def require_writable(out: str, *, force: bool) -> None:
    """Raise Failure or Usage before anything is asked, where the file could not be written."""
    if not out:
        raise Usage("-o: the name of a file must not be empty; - is stdout")
    path = Path(out)
    try:
        found = path.lstat()
    except FileNotFoundError:
        if not path.parent.is_dir():
            raise Failure(f"{path}: there is no directory {path.parent}; make it first") from None
        return
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Failure(f"{out!r} cannot be written: {reason}") from None
    if stat.S_ISDIR(found.st_mode):
        raise Failure(f"{path} is a directory; name a file in it: {path / DEFAULT}")
    if stat.S_ISREG(found.st_mode) and not force and not _is_ours(path):
        raise Failure(f"{path} is there and is no timeline; --force replaces it, -o names another")


def write(out: str, text: str) -> Path:
    """Write a picture and return its whole path; what was there before stays if that fails."""
    path = Path(out)
    try:
        files.replace(path, text, mode=_MODE)
    except OSError as error:
        raise Failure(f"{path} cannot be written: {error.strerror}; nothing was changed") from None
    return Path(os.path.abspath(path))


def _is_ours(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            begin = file.read(_LOOKED_AT_BYTES)
    except OSError as error:
        raise Failure(f"{path} cannot be read: {error.strerror}") from None
    return not begin or MARKER.encode() in begin
