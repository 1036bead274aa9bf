"""`penholder top`: the live view. What draws it is an extra, and is imported only here."""

import os
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

import msgspec

from penholder.cli.terminal import configuration, targets
from penholder.cli.terminal.failures import Failure, Usage
from penholder.cli.terminal.options import Options, normalized
from penholder.cli.words import frame

if TYPE_CHECKING:
    from penholder.cli.top.model.acts import Host

_SUMMARY = "See all workers live: what they ask, what they do, what they print; answer and steer."
_EXAMPLES = (
    "penholder top",
    "penholder top --controller .",
    "penholder top --here --at lab --at ssh://ada@build",
)
_MORE = """\
Keys: ? shows all of them. --at may be said several times.

It needs the extra tui: pip install 'penholder[tui]'."""
_HERE = "here"
_AT = "--at"
_FAR_RETRY_S = 5.0
"""Each attempt to reach another machine starts an ssh."""


def run(words: Sequence[str]) -> int:
    """Carry out `penholder top words…`; returns the exit code."""
    ats, rest = _taken(normalized(words))
    parser = frame.parser("top", "[--controller ID] [--at WHERE …]", _SUMMARY, _EXAMPLES, _MORE)
    frame.add_controller(parser)
    frame.add_stall_after(parser)
    parser.add_argument(
        "--here", action="store_true", help="with --at: this machine's daemon beside those"
    )
    found, options = frame.read(parser, rest)
    given: str | None = found.controller
    stall_after_s = configuration.stall_after_s(found.stall_after)
    if ats and given == frame.HERE:
        raise Usage("--controller . is that of a directory here; with --at pass a controller's id")
    _require_extra()
    _require_terminal()
    wheres = [msgspec.structs.replace(options, at=at) for at in ats]
    if found.here or not wheres:
        wheres = [options, *wheres]
    return _show(wheres, given, stall_after_s)


def _taken(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Take every --at out of the words."""
    ats: list[str] = []
    rest: list[str] = []
    given = iter(words)
    for word in given:
        name, equals, value = word.partition("=")
        if name != _AT:
            rest.append(word)
            continue
        ats.append(value if equals else next(given, ""))
    if not all(ats):
        raise Usage(f"{_AT} needs ssh://[user@]machine[:port] or the name of a context")
    if len({*ats}) < len(ats):
        raise Usage(f"{_AT} names the same machine twice")
    return ats, rest


def _show(wheres: Sequence[Options], given: str | None, stall_after_s: float) -> int:
    from penholder.cli.top import program  # noqa: PLC0415 - needs the extra

    found = [targets.choose(where) for where in wheres]
    controller_id = given
    if len(found) == 1:
        # Here, and not on the screen: no daemon, and a controller that cannot be told. Of several
        # one may be away, and the others are shown.
        with targets.connect(found[0], wheres[0].operation) as client:
            controller_id = frame.controller_of(client, given)
    pairs = zip(wheres, found, strict=True)
    hosts = [_host(where, str(target.path)) for where, target in pairs]
    named = {host.name: controller_id for host in hosts} if controller_id else None
    _keep_off_the_screen(wheres)
    return program.run(hosts, named, stall_after_s)


def _host(where: Options, path: str) -> "Host":
    from penholder.cli.top.model.acts import Host  # noqa: PLC0415 - as above

    if where.at is None:
        return Host(_HERE, path, tuple(_leading_here(where)))
    return Host(where.at.removeprefix("ssh://"), path, (_AT, where.at), _FAR_RETRY_S)


def _leading_here(options: Options) -> Iterator[str]:
    """Yield the flags with which other words ask the same daemon."""
    flags = {
        "--socket": options.socket,
        "--runtime-dir": options.runtime_dir,
        "--state-dir": options.state_dir,
    }
    for flag, value in flags.items():
        if value:
            yield from (flag, value)


def _keep_off_the_screen(wheres: Sequence[Options]) -> None:
    """Let no ssh ask or complain on a screen that is drawn."""
    far = [where.at for where in wheres if where.at is not None]
    if far:
        from penholder.cli.terminal import remote, tunnel  # noqa: PLC0415 - few go elsewhere

        for at in far:
            tunnel.to(remote.resolve(at)).be_quiet()


def _require_extra() -> None:
    if find_spec("textual") is None:
        raise Failure(
            "penholder top needs Textual, which is not installed: pip install 'penholder[tui]'"
            " (pipx inject penholder textual; uv tool install 'penholder[tui]');"
            " penholder ps shows the workers without it"
        )


def _require_terminal() -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Usage(
            "penholder top needs a terminal for stdin and stdout (over ssh: ssh -t);"
            " penholder ps prints the workers"
        )
    if os.environ.get("TERM", "dumb") in ("", "dumb"):
        raise Usage(
            "penholder top needs a terminal that can move its cursor, and TERM says that this one"
            " cannot; penholder ps prints the workers"
        )
