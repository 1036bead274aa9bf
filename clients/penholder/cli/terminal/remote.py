"""Another machine's daemon, reached by the user's own ssh.

Nothing listens on a network, and nobody proves who they are in a new way: whoever may log in there
as that user may ask that user's daemon. Words run there as they would here. What calls methods
itself is connected to `penholder bridge`, which knows one socket only.

What becomes part of a command line is checked first: a machine that begins with `-` would be an
option of ssh's, and a word may hold anything, so it is quoted for the shell that ssh gives it to.
"""

import os
import re
import shlex
from collections.abc import Sequence

import msgspec

from penholder.cli.terminal.failures import Usage

_ADDRESS = re.compile(r"ssh://(?:([A-Za-z0-9._:-]+)@)?([A-Za-z0-9._:-]+)/?")
_CONTEXT = re.compile(r"[A-Za-z0-9._][A-Za-z0-9._-]{0,63}")
_PROGRAM = "penholder"
_HIGHEST_PORT = 65_535


class Address(msgspec.Struct, frozen=True):
    """Where a daemon is, as ssh is told it."""

    machine: str
    user: str | None = None
    port: int | None = None

    @property
    def name(self) -> str:
        """The user and the machine."""
        return self.machine if self.user is None else f"{self.user}@{self.machine}"


def parse(text: str) -> Address:
    """Read ssh://[user@]machine[:port]; raises Usage.

    Where there are more colons than one they are an IPv6 address's own, and there is no port.
    """
    found = _ADDRESS.fullmatch(text)
    user, place = found.groups() if found else (None, "")
    machine, colon, port = place.partition(":") if place.count(":") == 1 else (place, "", "")
    if not machine or any((part or "").startswith("-") for part in (user, machine)):
        raise Usage(f"--at: {text!r} is not ssh://[user@]machine[:port], nor a context's name")
    if not colon:
        return Address(machine, user)
    if not port.isdigit() or not 0 < int(port[:6]) <= _HIGHEST_PORT:
        raise Usage(f"--at: {port!r} is no port")
    return Address(machine, user, int(port))


def resolve(at: str) -> Address:
    """Return the address that `--at` says, or that the context of that name has."""
    if at.startswith("ssh://"):
        return parse(at)
    if not _CONTEXT.fullmatch(at):
        return parse(at)
    from penholder.cli.terminal import configuration  # noqa: PLC0415 - a file, and a parser of it

    known = configuration.read().context
    if at not in known:
        named = f"; there are {', '.join(sorted(known))}" if known else ""
        raise Usage(
            f"--at: there is no context {at!r} in {configuration.path()}{named}; write"
            " ssh://[user@]machine[:port], or add the context"
        )
    return parse(known[at].at)


def command(address: Address, words: Sequence[str], *, terminal: bool = False) -> list[str]:
    """Return the command that runs `penholder words…` there."""
    port = [] if address.port is None else ["-p", str(address.port)]
    width = os.environ.get("COLUMNS", "")
    remote = [_PROGRAM, *words]
    if width.isascii() and width.isdigit():
        remote = ["env", f"COLUMNS={width}", *remote]
    quoted = " ".join(shlex.quote(word) for word in remote)
    return ["ssh", "-tt" if terminal else "-T", *port, "--", address.name, quoted]
