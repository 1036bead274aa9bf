"""The clients' configuration: contexts, launchers, and after how long somebody is silent.

`$XDG_CONFIG_HOME/penholder/penholder.toml`, read by what needs it only, and never one of the
working directory: a repository that somebody else wrote would decide which programs run. It must be
this user's and writable by nobody else; with an `env` in it, which may be a secret, readable by
nobody else. The daemon has a file of its own and knows nothing of this one.
"""

import os
import re
import stat
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from penholder import paths
from penholder.cli.terminal import ages
from penholder.cli.terminal.failures import Failure
from penholder_protocol import patterns

Answer = Literal["ask", "allow_once", "reject_once"]
Restart = Literal["never", "on-failure", "always"]
Word = Annotated[str, msgspec.Meta(pattern=patterns.ARGUMENT)]
Name = Annotated[str, msgspec.Meta(pattern=patterns.VARIABLE)]
_MAX_BYTES = 1 << 20
_UNKNOWN = re.compile(r"Object contains unknown field `([^`]*)`(?: - at `\$\.(\w+))?")


class Context(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A daemon that has a name: `at` is ssh://[user@]machine[:port]."""

    at: str


class Launcher(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A program to run, and how."""

    command: Annotated[list[Word], msgspec.Meta(min_length=1)]
    env: dict[Name, Word] = {}
    pass_env: list[Name] = []
    restart: Restart = "never"
    model: str | None = None
    mode: str | None = None
    answers: dict[str, Answer] = {}
    protocol: Literal[1, 2] = 2


class Configuration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of the file."""

    context: dict[str, Context] = {}
    launcher: dict[str, Launcher] = {}
    default_launcher: str | None = None
    stall_after_s: Annotated[float, msgspec.Meta(gt=0)] | None = None

    @property
    def holds_environment(self) -> bool:
        """Whether values of variables are in it."""
        return any(launcher.env for launcher in self.launcher.values())

    def context_of(self, *names: str) -> str | None:
        """Return the first of a machine's names that a context has, by which it is reached."""
        return next((name for name in names if name in self.context), None)


def path() -> Path:
    """Return where the file is."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    # A relative one is to be ignored, says the specification of base directories.
    root = Path(base) if base.startswith("/") else paths.home() / ".config"
    return root / "penholder" / "penholder.toml"


def read() -> Configuration:
    """Read the file; an empty configuration where there is none. Raises Failure."""
    file = path()
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        return Configuration()
    except OSError as error:
        raise Failure(f"cannot read {file}: {error.strerror}") from None
    # Opened as a number: a directory has one, and no file object.
    try:
        found = os.fstat(descriptor)
        _require_own(file, found)
        with os.fdopen(descriptor, "rb", closefd=False) as opened:
            text = opened.read(_MAX_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(text) > _MAX_BYTES:
        raise Failure(f"{file} has more than {_MAX_BYTES} bytes")
    read_ = _parsed(file, text)
    if read_.holds_environment and found.st_mode & 0o077:
        raise Failure(f"{file} holds an env, and others may read it: chmod 600 {file}")
    return read_


def stall_after_s(said: float | None) -> float:
    """Return after how long without output a worker counts as silent, unless it was `said`."""
    if said is not None:
        return said
    # The parser takes as long to import as a list takes to print, and most have no such file.
    given = read().stall_after_s if path().exists() else None
    return ages.STALL_AFTER_S if given is None else given


def _require_own(file: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise Failure(f"{file} is no file; it is not read")
    if found.st_uid not in (os.geteuid(), 0):
        raise Failure(f"{file} belongs to user {found.st_uid}, not to you; it is not read")
    if found.st_mode & 0o022:
        raise Failure(f"others may write {file}: chmod 600 {file}")


def _parsed(file: Path, text: bytes) -> Configuration:
    import tomllib  # noqa: PLC0415 - see `stall_after_s`

    try:
        return msgspec.convert(tomllib.loads(text.decode()), Configuration)
    except msgspec.ValidationError as error:
        raise Failure(f"{file}: {_explain(str(error))}") from None
    except (ValueError, RecursionError) as error:  # the parser says either of what is no TOML
        raise Failure(f"{file} is not TOML: {error}") from None


def _explain(reason: str) -> str:
    """Say which setting is unknown, which one may have been meant, and which there are."""
    unknown = _UNKNOWN.match(reason)
    if unknown is None:
        return patterns.explained(reason).replace("$.", "")
    from penholder.cli.terminal import options  # noqa: PLC0415 - for mistakes only

    table = unknown[2] or ""
    kinds: dict[str, type[msgspec.Struct]] = {"context": Context, "launcher": Launcher}
    kind = kinds.get(table, Configuration)
    known = [field.name for field in msgspec.structs.fields(kind)]
    where = f" in [{table}.NAME]" if table else ""
    hint = options.nearest(unknown[1], known)
    return f"unknown setting {unknown[1]}{where}{hint or ';'} known are {', '.join(known)}"
