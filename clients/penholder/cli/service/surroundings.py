"""What the units need around them: a directory for a user; a user and settings for the machine."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from penholder.cli.service import placing
from penholder.cli.service.scope import Scope
from penholder.cli.terminal import files
from penholder.cli.terminal.failures import Failure

_CONFIG = """\
# Settings of this machine's penholderd: docs/settings.md tells all of them.
# root may connect beside the daemon's own user, so that it can operate the daemon.
allowed_uids = [0]
"""


def prepare(scope: Scope, sysusers: str) -> Iterator[str]:
    """Make what is not there yet; yields what was done. Raises Failure."""
    try:
        if scope.sysusers is None:
            # The machine's manager makes its own, StateDirectory=.
            scope.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        else:
            yield from _make_user(scope.sysusers, sysusers)
        if scope.config is not None and not os.path.lexists(scope.config):
            scope.config.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            files.replace(scope.config, _CONFIG)
            yield f"wrote {scope.config}: root may connect"
    except OSError as error:
        raise Failure(f"{error.filename} cannot be made: {error.strerror}") from None


def _make_user(path: Path, text: str) -> Iterator[str]:
    done = placing.put(path, text)
    command = ["systemd-sysusers", str(path)]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise Failure("there is no `systemd-sysusers` to make the user penholder") from None
    except subprocess.CalledProcessError as error:
        raise Failure(f"`{' '.join(command)}` failed: {error.stderr.strip()}") from None
    if done:
        yield f"{done}; the user penholder is there"
