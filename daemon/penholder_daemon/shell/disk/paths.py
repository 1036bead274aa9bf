"""Where the daemon keeps things, and that nobody else can reach them.

Whoever may write to one of its directories may put another socket or database in the place of the
daemon's. So each directory must be this user's own and closed to all others. That is looked at
after it was made, not before: what is there by then is what counts, whoever made it. A link is not
followed.

Without a private place the daemon would rather not start than choose a shared one. A directory with
a guessable name below /tmp may have been made by another user first, who then holds what is in it.

A path that is too long for a socket's address, or no UTF-8, is refused at the start. Else it would
be met later, at the first worker or in the middle of an answer.
"""

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from penholder_protocol.limits import MAX_SOCKET_PATH_BYTES

_USUAL_WORKER_ID = "w_" + "0" * 21


class UnusablePath(Exception):
    """A directory or socket path cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Paths:
    """The files of one daemon."""

    state_dir: Path
    runtime_dir: Path

    @property
    def database(self) -> Path:
        """The database file."""
        return self.state_dir / "penholder.db"

    @property
    def blobs_dir(self) -> Path:
        """Where the bytes of blobs are."""
        return self.state_dir / "blobs"

    @property
    def control_socket(self) -> Path:
        """Where controllers, the CLI and people connect."""
        return self.runtime_dir / "control.sock"

    @property
    def workers_dir(self) -> Path:
        """Where the runtime sockets are."""
        return self.runtime_dir / "workers"

    def worker_socket(self, worker_id: str) -> Path:
        """Where one worker connects."""
        return self.workers_dir / f"{worker_id}.sock"

    def prepare(self) -> None:
        """Make the directories, private to this user; raises UnusablePath."""
        for directory in self._directories:
            make_private_directory(directory)
        self._check_sockets()

    def restore_runtime_dir(self) -> None:
        """Make again what was removed for sockets, but nothing above it; raises UnusablePath.

        A directory above it that is gone is somebody else's to make: /run/user/1000 comes back with
        the user's next session.
        """
        for directory in (self.runtime_dir, self.workers_dir):
            if not directory.parent.is_dir():
                raise UnusablePath(f"{directory.parent} is gone; waiting until it is there again")
            make_private_directory(directory)

    def check(self) -> None:
        """Refuse what `prepare` would refuse, and make or change nothing; raises UnusablePath."""
        for directory in self._directories:
            check_text(directory)
            if os.path.lexists(directory):
                _refuse_foreign(directory, directory.lstat())
        self._check_sockets()

    @property
    def _directories(self) -> tuple[Path, ...]:
        return (self.state_dir, self.runtime_dir, self.workers_dir)

    def _check_sockets(self) -> None:
        # Ids that the daemon makes all have this length; one that a caller chose is checked at its
        # turn.
        for path in (self.control_socket, self.worker_socket(_USUAL_WORKER_ID)):
            check_socket_path(path)


def default_config() -> Path | None:
    """Return the file that is read without --config: PENHOLDER_CONFIG or the user's, if there."""
    given = os.environ.get("PENHOLDER_CONFIG")
    try:
        path = Path(given or _own(platformdirs.user_config_dir) / "penholderd.toml")
    except UnusablePath:
        return None  # without a home there is no file of the user's
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError:
        return path  # whoever reads it will say so
    return path


def default_state_dir() -> Path:
    """Return PENHOLDER_STATE_DIR or the user's state directory."""
    given = os.environ.get("PENHOLDER_STATE_DIR")
    return Path(given) if given else _own(platformdirs.user_state_dir)


def default_runtime_dir() -> Path:
    """Return PENHOLDER_RUNTIME_DIR or the user's runtime directory.

    platformdirs is not asked: without XDG_RUNTIME_DIR, or where that has another mode than 0700,
    it falls back to a guessable directory below /tmp that another user may have made first. Here it
    is a private directory below the state directory then.
    """
    given = os.environ.get("PENHOLDER_RUNTIME_DIR")
    if given:
        return Path(given)
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime:
        return Path(runtime, "penholder")
    return _own(platformdirs.user_state_dir) / "run"


def _own(find: Callable[[str], str]) -> Path:
    """Return a directory of the user's; raises UnusablePath where there is no home."""
    try:
        found = Path(find("penholder"))
    except RuntimeError:
        found = Path()
    if not found.is_absolute():
        raise UnusablePath(
            "no home directory is known, and so no directory of the daemon: set HOME, or name"
            " --state-dir and --runtime-dir (PENHOLDER_STATE_DIR, PENHOLDER_RUNTIME_DIR)"
        )
    return found


def absolute(path: Path) -> Path:
    """Make a path absolute; raises UnusablePath where the working directory is gone."""
    try:
        return path.absolute()
    except FileNotFoundError:
        raise UnusablePath(
            f"{path} is below the working directory, which has been removed: change to another"
        ) from None


def check_socket_path(path: Path) -> None:
    """Refuse a path that no client could connect to; raises UnusablePath."""
    length = len(os.fsencode(path))
    if length > MAX_SOCKET_PATH_BYTES:
        raise UnusablePath(
            f"the socket path {path} has {length} bytes, the kernel takes {MAX_SOCKET_PATH_BYTES}:"
            " choose a shorter --runtime-dir"
        )


def check_text(path: Path) -> None:
    """Refuse a path that is not UTF-8: neither SQLite nor an answer in JSON can name it."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise UnusablePath(f"the path {str(path)!r} is not UTF-8: choose another") from None


def make_private_directory(directory: Path) -> None:
    """Make a directory that nobody else can look into; raises UnusablePath."""
    check_text(directory)
    try:
        # The mode goes for the last one only; those above have what the umask leaves, which is
        # private.
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = directory.lstat()
    except FileExistsError as error:
        # Of a link that leads nowhere too the kernel says only that there is something.
        raise UnusablePath(
            f"the directory {directory} cannot be made: {error.filename} is a symlink or no"
            " directory; move it away"
        ) from error
    except OSError as error:
        raise UnusablePath(f"the directory {directory} cannot be made: {error}") from error
    _refuse_foreign(directory, found)
    # One that was there before may be open to others; it is this user's, so it may be closed.
    if stat.S_IMODE(found.st_mode) & 0o077:
        directory.chmod(0o700)


def is_private_directory(directory: Path) -> bool:
    """Tell whether a directory is there, no link to one, this user's, and closed to all others."""
    try:
        found = directory.lstat()
    except OSError:
        return False
    is_own = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    return is_own and not stat.S_IMODE(found.st_mode) & 0o077


def _refuse_foreign(directory: Path, found: os.stat_result) -> None:
    if not stat.S_ISDIR(found.st_mode):
        raise UnusablePath(f"{directory} is a symlink or no directory; it is not followed")
    if found.st_uid != os.geteuid():
        raise UnusablePath(
            f"{directory} belongs to uid {found.st_uid}, not to {os.geteuid()}: choose another"
        )
