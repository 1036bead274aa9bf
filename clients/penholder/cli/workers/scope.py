"""The default controller: the one of the directory that a word is said in.

People say `penholder run make`, and not whose worker it is. So every directory has a controller of
its own: its id is made of the host's id and the directory's real path, which are the same every
time. In a git repository it is that of the main worktree's top, so that all of a project's
directories and worktrees are one. It is registered when a worker is first made there. Nobody owns
it, so that it takes no proof of ownership to work with it.

git is not asked, which would cost a process: what is read here are the files by which a worktree
knows its repository (gitrepository-layout, `gitdir` and `commondir`).
"""

import os
from hashlib import sha256
from pathlib import Path

import msgspec

from penholder.blocking import Client
from penholder.cli.terminal.failures import Failure
from penholder_protocol.errors import ControllerNotFound
from penholder_protocol.nouns import Controller

_DIGITS = 12
_LONGEST_LABEL = 4096
_LONGEST_POINTER_BYTES = 8192


class Scope(msgspec.Struct, frozen=True):
    """The controller of a directory, whether it is registered or not."""

    controller_id: str
    label: str
    workspace_key: str


class _Status(msgspec.Struct):
    host_id: str


def directory_controller(client: Client, directory: Path | None = None) -> Scope:
    """Return the controller of a directory (default: the working one); registers nothing."""
    return of_directory(client.call("daemon.status", {}, _Status).host_id, directory)


def of_directory(host_id: str, directory: Path | None = None) -> Scope:
    """Return the controller of a directory on a host; raises Failure where it cannot be told."""
    top = project_top(directory or Path())
    path = os.fsencode(top)
    digest = sha256(host_id.encode() + b":" + path).hexdigest()[:_DIGITS]
    shown = path.decode("utf-8", "backslashreplace")
    key = f"{host_id}:{shown}"
    if len(key) > _LONGEST_LABEL:
        key = f"{host_id}:sha256:{sha256(path).hexdigest()}"
    return Scope(f"dir-{digest}", shown[-_LONGEST_LABEL:], key)


def ensure(client: Client, scope: Scope) -> None:
    """Register the controller of a directory, unless it is."""
    try:
        client.call("controller.get", {"controller_id": scope.controller_id}, Controller)
    except ControllerNotFound:
        client.call("controller.register", msgspec.structs.asdict(scope), Controller)


def project_top(directory: Path) -> Path:
    """Return the real path of what a directory belongs to: the main worktree's top, or itself."""
    try:
        real = directory.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Failure(
            f"the directory {str(directory)!r} cannot be told ({reason}); change into another one"
        ) from None
    if not os.access(real, os.X_OK):
        raise Failure(f"the directory {str(real)!r} may not be entered; change into another one")
    for place in (real, *real.parents):
        mark = place / ".git"
        if mark.is_dir():
            return place
        if mark.is_file():
            return _main_worktree(place, mark) or place
    return real


def _main_worktree(top: Path, mark: Path) -> Path | None:
    """Follow a worktree to its repository's main one; None for a submodule or a bare repository."""
    git_dir = _pointed_at(mark, b"gitdir:", top)
    common = git_dir and _pointed_at(git_dir / "commondir", b"", git_dir)
    if common is None or common.name != ".git" or not common.is_dir():
        return None
    return common.parent


def _pointed_at(file: Path, prefix: bytes, base: Path) -> Path | None:
    try:
        with file.open("rb") as opened:
            line = opened.read(_LONGEST_POINTER_BYTES).partition(b"\n")[0]
    except OSError:
        return None
    named = line.removeprefix(prefix).strip()
    if not named or not line.startswith(prefix):
        return None
    try:
        return (base / os.fsdecode(named)).resolve()
    except (OSError, RuntimeError, ValueError):
        return None
