"""Files that are put in place and taken away; those of others are left alone."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from penholder.cli.service.templates import MARKER
from penholder.cli.terminal import files
from penholder.cli.terminal.failures import Failure


def refuse_foreign(paths: Iterable[Path]) -> None:
    """Refuse to replace files that are not ours; raises Failure."""
    for path in paths:
        if os.path.lexists(path) and not is_ours(path):
            raise Failure(f"{path} is not from `penholder service install`: move it away first")


def put(path: Path, text: str) -> str | None:
    """Write a file of ours unless it says just that; returns what was done. Raises Failure."""
    try:
        done = "updated" if path.exists() else "wrote"
        # Left as it is: a unit that has not changed is no reason to restart anything.
        if path.exists() and path.read_text("utf-8") == text:
            return None
        path.parent.mkdir(parents=True, exist_ok=True)
        files.replace(path, text)
    except OSError as error:
        raise Failure(f"{path} cannot be written: {error.strerror}") from None
    return f"{done} {path}"


def remove_if_empty(directory: Path) -> None:
    """Take a directory away in which nobody else has anything."""
    with suppress(OSError):
        directory.rmdir()


def is_ours(path: Path) -> bool:
    """Tell a file of ours by its first line; a link is none."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.readline() == MARKER.encode()


def remove(path: Path) -> str:
    """Take a file away; returns what was done. Raises Failure."""
    try:
        path.unlink()
    except OSError as error:
        raise Failure(f"{path} cannot be removed: {error.strerror}") from None
    return f"removed {path}"
