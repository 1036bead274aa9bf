"""Replacing a file at once: whoever reads it sees the old one or the new one, never a part."""

import os
from pathlib import Path

_FLAGS = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_MODE = 0o644


def replace(path: Path, text: str) -> None:
    """Write a file that everybody may read, in place of one that may be there; raises OSError."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    descriptor = os.open(partial, _FLAGS, _MODE)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), _MODE)
            file.write(text)
        partial.replace(path)
    except OSError:
        partial.unlink()
        raise
