"""A worktree for an agent: its own directory and branch, so that it is in nobody's way.

They lie below the state directory, a folder for each repository. The branch begins at HEAD, and one
that is there is never taken: it may be somebody's work. Names are checked before git sees them.

What an agent changed is told from the commit that it began at: commits of its own, changes that are
not committed, files that git does not know yet. The repository's index is not touched for that.
"""

import os
import shutil
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from penholder.blocking import Client
from penholder.cli.agent import git
from penholder.cli.agent.git import NoGit
from penholder.cli.run.endpoint import make_private
from penholder.cli.run.naming import base_of
from penholder.cli.terminal.failures import Failure, Usage
from penholder.cli.terminal.text import printable
from penholder.cli.workers import stream

PREFIX = "penholder/"
_DIGITS = 12
_SHARED_REFS = ("refs/heads", "refs/tags", "refs/remotes")
CONFLICT = 4


class Place(msgspec.Struct, frozen=True):
    """Where an agent began to work; as it is kept in the worker's first event."""

    top: str
    base: str
    """The commit."""
    branch: str | None = None
    """That of its worktree; None where it has none of its own."""
    repository: str | None = None
    """The main worktree, which this one is of."""

    @property
    def is_own(self) -> bool:
        """Whether it is a worktree that was made for the agent."""
        return self.branch is not None


def place_of(directory: Path) -> Place | None:
    """Return where a directory is in git; None where it is nowhere, or there is no commit yet."""
    try:
        top = git.line(directory, "rev-parse", "--show-toplevel")
        return Place(top, git.line(directory, "rev-parse", "--verify", "HEAD"))
    except NoGit:
        return None


class Worktree:
    """A worktree that is made, and taken back where what it is for does not come to be."""

    def __init__(self, directory: Path, state_dir: Path, name: str, branch: str | None) -> None:
        """Look, and make nothing; raises Failure where it cannot be made."""
        found = place_of(directory)
        if found is None:
            raise Failure(
                f"{printable(str(directory))} is in no git repository with a commit, and a worktree"
                " is of one; leave --worktree out, or make a commit first"
            )
        self._top = Path(found.top)
        self._below = directory.resolve().relative_to(self._top.resolve())
        self._branch = branch or f"{PREFIX}{name}"
        self._check()
        digest = sha256(os.fsencode(self._top.resolve())).hexdigest()[:_DIGITS]
        repository = state_dir / "worktrees" / f"{base_of(found.top)}-{digest}"
        self._path = repository / name
        self.place = Place(str(self._path), found.base, self._branch, found.top)

    @property
    def directory(self) -> Path:
        """The directory in it that is what the given one was."""
        return self._path / self._below

    def _check(self) -> None:
        shown = printable(self._branch)
        try:
            git.ask(self._top, "check-ref-format", "--branch", self._branch)
        except NoGit:
            raise Usage(
                f"--worktree {shown!r}: no name of a branch; a PROMPT goes before --worktree"
            ) from None
        if git.ask(self._top, "for-each-ref", f"refs/heads/{self._branch}"):
            raise Failure(
                f"there is a branch {shown} already, which may be somebody's work; say another"
                " with --worktree=BRANCH, or another --name",
                CONFLICT,
            )

    def make(self) -> None:
        """Make it."""
        make_private(self._path.parent.parent)
        make_private(self._path.parent)
        git.ask(
            self._top, "worktree", "add", "--quiet", "-b", self._branch, "--", str(self._path),
            self.place.base,
        )  # fmt: skip
        if not self.directory.is_dir():
            self.take_back()
            raise Failure(f"{printable(str(self._below))} is in no commit; start at the top")

    def take_back(self) -> None:
        """Remove it and its branch, where nothing has been done in it."""
        git.ask(self._top, "worktree", "remove", "--", str(self._path))
        git.ask(self._top, "branch", "--quiet", "-D", "--", self._branch)


class _Started(msgspec.Struct):
    place: Place | None = None


def kept(client: Client, worker_id: str) -> Place | None:
    """Return where a worker began, as its first event tells."""
    for entry in stream.entries(client, [stream.of_worker(worker_id)], ["process.started"]):
        return msgspec.json.decode(entry.data, type=_Started).place
    return None


def diff(place: Place, *, stat: bool = False) -> bytes:
    """Return all that differs from where it began."""
    top = Path(place.top)
    form = ["--stat"] if stat else ["--binary"]
    with TemporaryDirectory(prefix="penholder-") as directory:
        # A copy of the index, in which files that git does not know are noted as such.
        index = Path(directory) / "index"
        own = Path(git.line(top, "rev-parse", "--path-format=absolute", "--git-path", "index"))
        if own.exists():
            # With its time: what was changed after it in the same second git finds by that.
            shutil.copy2(own, index)
        more = {"GIT_INDEX_FILE": str(index), "GIT_OPTIONAL_LOCKS": "0"}
        git.ask(top, "add", "--intent-to-add", "--all", "--", ".", more=more)
        words = ["diff", "--no-ext-diff", "--no-textconv", *form, place.base, "--"]
        return git.ask(top, *words, more=more)


def require_clean(place: Place) -> None:
    """Refuse a worktree in which something is not committed, or on no branch."""
    top = Path(place.top)
    if not top.is_dir():
        return
    if git.ask(top, "status", "--porcelain"):
        raise Failure(
            f"the worktree {printable(place.top)} has changes that are not committed; commit or"
            " discard them there, or leave --worktree out",
            CONFLICT,
        )
    # Of a HEAD that is detached nothing but the worktree knows; refs of its own go with it.
    if not git.ask(top, "for-each-ref", "--count=1", "--contains", "HEAD", *_SHARED_REFS):
        raise Failure(
            f"the worktree {printable(place.top)} is at a commit that is on no branch; make one"
            " there (git switch -c NAME), or leave --worktree out",
            CONFLICT,
        )


def remove(place: Place) -> None:
    """Remove a worktree; its branch stays."""
    assert place.repository is not None  # asked for only where it is the agent's own
    repository = Path(place.repository)
    if Path(place.top).is_dir():
        git.ask(repository, "worktree", "remove", "--", place.top)
    else:
        git.ask(repository, "worktree", "prune")
