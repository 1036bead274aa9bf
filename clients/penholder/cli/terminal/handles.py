"""Saved ownerships: a file of the user's own that `controller acquire --save` writes.

It holds a token, so it is made for its owner alone and not read when others could have read or
written it. That is not repaired in silence: to close the file now takes back nothing of what was
read.

It is looked at through the descriptor that it is read by, as a name may come to mean another file
in between, and neither a link nor a pipe is followed or waited for. A new one is written beside it,
synced, and put in place by a rename, so a handle that was there is lost only to a whole one.

An ownership that has ended is forgotten, but only that one: a newer one may have been saved since.
"""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import msgspec

from penholder import paths
from penholder.cli.terminal.failures import Failure, Usage
from penholder_protocol.nouns import Handle

_MAX_FILE_BYTES = 16 << 10


def path_of(controller_id: str, state_dir: str | None) -> Path:
    """Return where the handle of a controller is saved."""
    if "/" in controller_id or not controller_id:
        raise Usage(f"{controller_id!r} is no controller id")
    return _directory(state_dir) / f"{controller_id}.json"


def _directory(state_dir: str | None) -> Path:
    return (Path(state_dir) if state_dir else paths.default_state_dir()) / "handles"


def any_saved(state_dir: str | None) -> bool:
    """Tell whether there is any handle, before somebody asks whose one is wanted."""
    directory = _directory(state_dir)
    return directory.is_dir() and any(directory.glob("*.json"))


def save(handle: Handle, state_dir: str | None) -> Path:
    """Write a handle, whole or not at all, in the place of an older one."""
    path = path_of(handle.controller_id, state_dir)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _require_private(path.parent, path.parent.lstat(), stat.S_ISDIR)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    # Of a program that was killed amid this and had the same number.
    draft.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(draft, flags, 0o600), "wb") as file:
        file.write(msgspec.json.encode(handle) + b"\n")
        file.flush()
        # Before the rename: after a power loss the name must not lead to an empty file.
        os.fsync(file.fileno())
    draft.rename(path)
    return path


def load(controller_id: str, state_dir: str | None) -> Handle | None:
    """Read the saved handle of a controller, if there is one that only its owner can read."""
    path = path_of(controller_id, state_dir)
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Failure(f"cannot read the saved handle {path}: {error.strerror}") from None
    try:
        # Of what was opened, not of the name.
        _require_private(path, os.fstat(opened), stat.S_ISREG)
        text = os.read(opened, _MAX_FILE_BYTES)
    finally:
        os.close(opened)
    try:
        return msgspec.json.decode(text, type=Handle)
    except msgspec.DecodeError:
        # Not `from`: the text holds a token, and an error may quote it.
        raise Failure(f"{path} holds no handle; controller acquire --save writes one") from None


def forget(controller_id: str, epoch: int, state_dir: str | None) -> None:
    """Remove the saved handle of an ownership that has ended; a newer one stays."""
    try:
        saved = load(controller_id, state_dir)
    except Failure:
        return
    if saved is not None and saved.epoch <= epoch:
        path_of(controller_id, state_dir).unlink(missing_ok=True)


def _require_private(path: Path, found: os.stat_result, is_kind: Callable[[int], bool]) -> None:
    if not is_kind(found.st_mode):
        raise Failure(f"{path} is not what is kept there; it is not used")
    if found.st_uid != os.geteuid():
        raise Failure(f"{path} belongs to user {found.st_uid}, not to you; it is not used")
    if found.st_mode & 0o077:
        mode = stat.S_IMODE(found.st_mode)
        raise Failure(f"{path} has mode {mode:04o}, others could have read it; it is not used")
