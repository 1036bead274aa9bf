"""What the checks look at: the directories, the program, and the daemon if it answers.

Every question has a time limit, and a daemon that let one pass is asked nothing more: this must end
also where the daemon hangs.
"""

import os
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Literal

import msgspec

from penholder import ConnectionLost, DaemonUnreachable, paths
from penholder.blocking import Client
from penholder.cli.daemon_process import presence
from penholder.cli.daemon_process.executables import daemon_command
from penholder.cli.terminal import store, targets
from penholder.cli.terminal.store import StoreAt
from penholder_protocol.errors import PenholderError

_ASK_S = 5.0
_ABOUT_S = 30.0
_NOTHING: Mapping[str, object] = {}


class About(msgspec.Struct):
    """What `penholderd --about` says."""

    version: str
    sqlite_version: str
    schema_version: int
    config: str | None
    state_dir: str
    runtime_dir: str
    problem: str | None
    store_url: str | None = None


class Status(msgspec.Struct):
    """What is looked at in a daemon's status; a daemon of another version may say less."""

    version: str
    pid: int
    state_dir: str
    sqlite_version: str
    schema_version: int
    wal_bytes: int = 0
    store_fault: str | None = None
    unserved_workers: int = 0


class _Health(msgspec.Struct):
    reachable: bool


class _Kept(msgspec.Struct):
    url: str | None = None
    password_file: str | None = None


class _InForce(msgspec.Struct):
    """What is looked at of the settings by which a daemon works."""

    store: _Kept = msgspec.field(default_factory=_Kept)


class Unanswered(Exception):
    """A question has no answer; the message says why."""


class Situation:
    """One look at an installation."""

    def __init__(
        self,
        state_dir: str | None,
        runtime_dir: str | None,
        config: Path | None = None,
        scope: Literal["user", "system"] = "user",
    ) -> None:
        """Find the directories: as told, else as the program would choose them."""
        self.scope = scope
        self.about, self.about_error = _look_at_program(state_dir, runtime_dir, config)
        about = self.about
        chosen = about.runtime_dir if about else paths.default_runtime_dir()
        self._looked_at = self._first_state_dir(state_dir)
        # In the order in which every other command looks (`targets`).
        named = runtime_dir or os.environ.get(targets.RUNTIME_VARIABLE)
        self.runtime_dir = Path(named or _served(self._looked_at) or chosen)
        self.way_on: str | None = None
        # Without patience: what does not answer is a finding, not something to wait for.
        self._client = Client(self.control_socket, reconnect_s=0)
        self.hangs = False
        self.refuses = False
        """Whether a daemon is there whose store is out of reach."""
        begun = time.monotonic()
        self.status, self.status_error = self._look_at_daemon()
        self.answered_after_ms = (time.monotonic() - begun) * 1000
        reported = self.status.state_dir if self.status else about.state_dir if about else None
        self.state_dir = Path(state_dir or reported or paths.default_state_dir())

    def _first_state_dir(self, given: str | None) -> Path:
        """Return the state directory so far as it is known before the daemon is asked."""
        return Path(given or (self.about.state_dir if self.about else paths.default_state_dir()))

    @property
    def control_socket(self) -> Path:
        """Where the daemon should answer."""
        return paths.control_socket(self.runtime_dir)

    @property
    def is_there(self) -> bool:
        """Whether a daemon has answered."""
        return self.status is not None or self.refuses

    @property
    def database(self) -> Path:
        """Where the database should be."""
        return self.state_dir / "penholder.db"

    def ask(
        self,
        method: str,
        params: Mapping[str, object] = _NOTHING,
        timeout_s: float = _ASK_S,
    ) -> msgspec.Raw:
        """Ask the daemon; raises Unanswered, or PenholderError where it refuses."""
        if self.hangs:
            raise Unanswered("not asked: the daemon hangs")
        try:
            targets.probe(self.control_socket, self._looked_at)
            return self._client.call_raw(method, params, timeout_s=timeout_s)
        except TimeoutError:
            self.hangs = True
            raise Unanswered(f"{method} was not answered within {timeout_s:.0f} s") from None
        except (DaemonUnreachable, ConnectionLost) as error:
            self.way_on = getattr(error, "hint", None)
            raise Unanswered(str(error)) from None

    @cached_property
    def store(self) -> StoreAt | None:
        """The PostgreSQL that the daemon works on, else the one that is configured; or None."""
        with suppress(Unanswered, PenholderError, msgspec.ValidationError):
            # What it was started with, which no file here need say.
            kept = msgspec.json.decode(self.ask("daemon.config"), type=_InForce).store
            if kept.url is not None:
                file = Path(kept.password_file) if kept.password_file else None
                return StoreAt(kept.url, file)
        config = Path(self.about.config) if self.about and self.about.config else None
        return store.configured(config)

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    def _can_read(self) -> bool:
        return msgspec.json.decode(self.ask("daemon.health"), type=_Health).reachable

    def _look_at_daemon(self) -> tuple[Status | None, str]:
        try:
            status = msgspec.json.decode(self.ask("daemon.status"), type=Status)
            self.refuses = status.store_fault is not None and not self._can_read()
            return status, status.store_fault or ""
        except PenholderError as error:
            self.refuses = True
            return None, str(error)
        except (Unanswered, msgspec.ValidationError) as error:
            return None, str(error)


def _served(state_dir: Path) -> Path | None:
    """Return the runtime directory that the daemon of a state directory says it serves."""
    with suppress(PermissionError):
        holder = presence.find(state_dir)
        if holder is not None and holder.socket is not None:
            return holder.socket.parent
    return None


def _look_at_program(
    state_dir: str | None, runtime_dir: str | None, config: Path | None
) -> tuple[About | None, str]:
    given = {"--state-dir": state_dir, "--runtime-dir": runtime_dir}
    flags = [f"{flag}={value}" for flag, value in given.items() if value]
    try:
        done = _about(flags, _owner(state_dir, runtime_dir), config)
        return msgspec.json.decode(done.stdout, type=About), ""
    except (OSError, subprocess.TimeoutExpired, msgspec.DecodeError) as error:
        return None, str(error)


def _about(
    flags: list[str], user: int | None, config: Path | None
) -> "subprocess.CompletedProcess[bytes]":
    variables = {**os.environ, **({"PENHOLDER_CONFIG": str(config)} if config else {})}
    return subprocess.run(
        [*daemon_command(), "--about", *flags],
        env=variables,
        user=user,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=_ABOUT_S,
    )


def _owner(*directories: str | None) -> int | None:
    """Return as whom root asks: the daemon refuses directories that are not its own user's."""
    there = [path for path in directories if path and os.path.isdir(path)]
    return os.stat(there[0]).st_uid if there and os.geteuid() == 0 else None
