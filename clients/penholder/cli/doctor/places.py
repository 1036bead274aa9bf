"""Checks of files and sockets: whose they are, who may read them, whether somebody listens."""

import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from penholder import DaemonUnreachable
from penholder.cli.doctor.finding import Finding, ok, problem, warning
from penholder.cli.doctor.situation import Situation, Unanswered
from penholder.cli.terminal import targets
from penholder_protocol.errors import WorkerNotFound
from penholder_protocol.limits import MAX_SOCKET_PATH_BYTES
from penholder_protocol.nouns import Metrics

_IS_BLOB = re.compile(r"sha256-[0-9a-f]{64}")
_BLOBS = re.compile(r"^penholder_blobs (\S+)$", re.MULTILINE)
_NOT_TO_BE_MADE = "is not there, and this user may not make it: no daemon can start"
_USUAL_NAME = f"workers/w_{'0' * 21}.sock"


def directories(at: Situation) -> Iterator[Finding]:
    """Look at the directories: there, private, the daemon's own, no links."""
    told: set[Path] = set()
    for path in (at.state_dir, at.runtime_dir, at.runtime_dir / "workers"):
        nearest = _nearest(path)
        if at.is_there or nearest == path or os.access(nearest, os.W_OK | os.X_OK):
            yield _private("directories", path, _owner(at), 0o700, stat.S_ISDIR)
        elif nearest not in told:
            # Once: what is below the same one cannot be made for the same reason.
            told.add(nearest)
            yield problem("directories", f"{path} {_NOT_TO_BE_MADE}", _elsewhere(at, path))


def _nearest(path: Path) -> Path:
    """Return what is there of a path: itself, or the nearest above it."""
    return next(each for each in (path, *path.parents) if os.path.lexists(each))


def _elsewhere(at: Situation, path: Path) -> str:
    is_state = path == at.state_dir
    flag, variable = (
        ("--state-dir", "PENHOLDER_STATE_DIR")
        if is_state
        else ("--runtime-dir", "PENHOLDER_RUNTIME_DIR")
    )
    return f"have what is above it writable, or choose another with {flag} DIR or {variable}"


def files(at: Situation) -> Iterator[Finding]:
    """Look at the database and the control socket likewise."""
    for name in ("penholder.db", "penholder.db-wal"):
        if os.path.lexists(at.state_dir / name):
            yield _private("files", at.state_dir / name, _owner(at), 0o600, stat.S_ISREG)
    if os.path.lexists(at.control_socket):
        yield _private("files", at.control_socket, _owner(at), 0o600, stat.S_ISSOCK)


def socket_path(at: Situation) -> Iterator[Finding]:
    """Look whether the paths of runtime sockets fit into an address."""
    length = len(os.fsencode(at.runtime_dir / _USUAL_NAME))
    detail = f"paths of runtime sockets have {length} bytes of {MAX_SOCKET_PATH_BYTES}"
    if length > MAX_SOCKET_PATH_BYTES:
        yield problem("socket path", detail, "choose a shorter --runtime-dir")
    else:
        yield ok("socket path", detail)


def runtime_sockets(at: Situation) -> Iterator[Finding]:
    """Look for runtime sockets on which nobody listens, or whose worker is not there."""
    found = sorted((at.runtime_dir / "workers").glob("*.sock"))
    if at.refuses and found:
        yield ok("runtime sockets", f"{len(found)}; whose they are is in the store, out of reach")
        return
    if at.status is None and found:
        # Of a daemon that was killed: they are no fault of theirs, and to remove them helps nobody.
        yield ok("runtime sockets", f"{len(found)}, which the daemon serves again when it is up")
        return
    dead = [path.name for path in found if not _listens(path)]
    lost = [path.name for path in found if path.name not in dead and _is_lost(at, path)]
    for names, what in ((dead, "nobody listens on"), (lost, "no worker belongs to")):
        if names:
            detail = f"{what} {len(names)} of {len(found)}, such as {names[0]}"
            yield warning("runtime sockets", detail, "remove the files: nobody needs them")
    if not dead and not lost:
        yield ok("runtime sockets", f"{len(found)}, all served")


def blobs(at: Situation) -> Iterator[Finding]:
    """Look whether there are as many files of blobs as the daemon knows of."""
    directory = at.state_dir / "blobs"
    # In a server they are rows, and what lies there is of a time without it.
    if at.status is None or at.store is not None:
        return
    if os.path.lexists(directory):
        yield _private("blobs", directory, _owner(at), 0o700, stat.S_ISDIR)
    # Before and after: some may come and go meanwhile.
    known = [_known_blobs(at)]
    there = sum(_IS_BLOB.fullmatch(name) is not None for name in _names_in(directory))
    known.append(_known_blobs(at))
    if there > max(known):
        detail = f"{there} files, of which the daemon knows {max(known)}"
        yield warning("blobs", detail, "the daemon removes the others when it is started anew")
    elif there < min(known):
        detail = f"{there} files, and the daemon knows of {min(known)} blobs"
        yield problem("blobs", detail, "penholder daemon verify names them; put them again")
    else:
        yield ok("blobs", f"{there}, as the daemon knows them")


def _known_blobs(at: Situation) -> int:
    """Return how many there are by the daemon's figures."""
    text = msgspec.json.decode(at.ask("daemon.metrics"), type=Metrics).text
    found = _BLOBS.search(text)
    if found is None:
        raise Unanswered("the daemon is of a version that does not count them")
    return round(float(found[1]))


def _names_in(directory: Path) -> list[str]:
    try:
        return os.listdir(directory)
    except FileNotFoundError:
        return []  # it is made with the first one


def _private(
    check: str, path: Path, owner: int, mode: int, is_kind: Callable[[int], bool]
) -> Finding:
    try:
        # Of the name itself: a link is what is to be noticed.
        found = path.lstat()
    except FileNotFoundError:
        return warning(check, f"{path} is not there", "the daemon makes it when it starts")
    except PermissionError:
        return warning(check, f"{path} may not be looked at", "ask as its owner or as root")
    if not is_kind(found.st_mode):
        return problem(check, f"{path} is a link or of another kind", "move it away")
    if found.st_uid != owner:
        return problem(check, f"{path} is of user {found.st_uid}", f"chown {owner} {path}")
    if (too_open := stat.S_IMODE(found.st_mode)) & ~mode:
        return problem(check, f"{path} has mode {too_open:04o}", f"chmod {mode:04o} {path}")
    return ok(check, f"{path} is private")


def _owner(at: Situation) -> int:
    """Return who should own everything: the daemon's user, else the state directory's, else us."""
    for path in (f"/proc/{at.status.pid}" if at.status else None, at.state_dir):
        if path is not None and os.path.exists(path) and not os.path.islink(path):
            return os.stat(path).st_uid
    return os.geteuid()


def _listens(path: Path) -> bool:
    try:
        targets.probe(path)
    except DaemonUnreachable:
        return False
    return True


def _is_lost(at: Situation, path: Path) -> bool:
    """Tell whether the daemon knows no such worker; where it cannot say, it is taken to know."""
    try:
        at.ask("worker.get", {"worker_id": path.stem})
    except WorkerNotFound:
        return True
    except (Unanswered, msgspec.MsgspecError):
        return False
    return False
