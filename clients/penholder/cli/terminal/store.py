"""Where the daemon keeps its state, as its own configuration says it.

The clients ask the daemon and need not know. What works without one does: moving the store, and
`penholder doctor`. It reads no more of that file than this.
"""

import os
from pathlib import Path
from typing import NamedTuple

import msgspec

from penholder import paths
from penholder.cli.terminal.failures import Failure

VARIABLE = "PENHOLDER_STORE_URL"
_CONFIG_VARIABLE = "PENHOLDER_CONFIG"


class StoreAt(NamedTuple):
    """A PostgreSQL, and where the password for it is, if it is in a file of its own."""

    url: str
    password_file: Path | None


class _Store(msgspec.Struct, frozen=True):
    url: str | None = None
    password_file: str | None = None


class _Configuration(msgspec.Struct, frozen=True):
    """What is read of the file; the rest is for the daemon to judge."""

    store: _Store = _Store()


def configured(file: Path | None = None) -> StoreAt | None:
    """Return the PostgreSQL that the daemon is told to use, None for its own SQLite.

    The variable goes before the file, which machines may share. Raises Failure.
    """
    store = _read(file or _usual_file())
    url = os.environ.get(VARIABLE) or store.url
    if not url:
        return None
    return StoreAt(url, Path(store.password_file) if store.password_file else None)


def password_file() -> Path | None:
    """Return where the configuration says that the password is; raises Failure."""
    named = _read(_usual_file()).password_file
    return Path(named) if named else None


def in_file(file: Path) -> str | None:
    """Return the URL of a store that a configuration names; raises Failure."""
    return _read(file).url or None


def _usual_file() -> Path | None:
    if given := os.environ.get(_CONFIG_VARIABLE):
        return Path(given)
    base = os.environ.get("XDG_CONFIG_HOME", "")
    try:
        root = Path(base) if base.startswith("/") else paths.home() / ".config"
    except paths.NoHome:
        return None  # whose there is none has no file there
    return root / "penholder" / "penholderd.toml"


def _read(file: Path | None) -> _Store:
    if file is None or not file.is_file():
        return _Store()
    import tomllib  # noqa: PLC0415 - most words read no such file

    try:
        return msgspec.convert(tomllib.loads(file.read_text("utf-8")), _Configuration).store
    except (OSError, ValueError, RecursionError) as error:  # of the file, its text, or its settings
        raise Failure(f"{file}: {error}") from None
