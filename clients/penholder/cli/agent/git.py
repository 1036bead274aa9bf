"""git, asked without what a repository could have it run: no hooks, no diff programs of its own."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from penholder.cli.terminal.failures import Failure
from penholder.cli.terminal.text import printable

_QUIET = (
    "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "color.ui=false",
    # Else who set this to no, as one does in a large repository, has new files taken for nothing.
    "-c", "status.showUntrackedFiles=all",
)  # fmt: skip
_WITHIN_S = 120.0


class NoGit(Failure):
    """There is no git, or it refuses; the message says why."""


def ask(directory: Path, *words: str, more: Mapping[str, str] | None = None) -> bytes:
    """Run git in a directory and return what it prints; raises NoGit."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", *_QUIET, *words],
            cwd=directory,
            env={**own, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", **(more or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_WITHIN_S,
        )
    except FileNotFoundError as error:
        what = "git is not installed" if error.filename == "git" else f"{directory} is gone"
        raise NoGit(what) from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoGit(f"git: {error}") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise NoGit(f"git {words[0]}: {printable(said[-1]) if said else done.returncode}")
    return done.stdout


def line(directory: Path, *words: str) -> str:
    """Run git and return the one line that it prints."""
    return os.fsdecode(ask(directory, *words).removesuffix(b"\n"))
