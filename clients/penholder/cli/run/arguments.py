"""The command line of `penholder run`."""

import argparse
from collections.abc import Sequence

import msgspec

from penholder.cli.terminal.failures import Usage
from penholder.cli.terminal.options import (
    Options,
    Parser,
    add_common,
    add_fence,
    add_operation,
    normalized,
    parse_known,
    read_options,
)

_DESCRIPTION = """\
Run a command as a worker. Its output becomes events of the worker, a line each: type output, data
{stream, text}; a piece of a line longer than 64 KiB has continued: true, bytes that are no UTF-8
come as base64, a last line without newline has newline: false. Before them comes process.started,
after them process.exited. What is no whole line yet comes with partial: true, continued: true and
newline: false when nothing follows it for 250 ms.

The command finds its worker in PENHOLDER_WORKER_ID and its socket in PENHOLDER_SOCKET. When the
worker is canceled or stopped, or this program gets SIGINT, SIGTERM, SIGHUP or SIGQUIT, the whole
process group of the command gets SIGTERM (SIGQUIT for SIGQUIT) and, after --kill-after-s, SIGKILL.
SIGTSTP stops both. If this program is killed, a guard ends the command, unless --keep. While the
daemon is away the output waits, and when that is much the command waits too. What the command
leaves behind in its process group has --kill-after-s to end; what has left the group is named in an
event process.left.

The exit code is the command's, 128 + N if signal N ended it, 127 if there is no such command, 126
if it cannot be run; 5 if another process took the worker's seat; else as of every command."""


class Arguments(msgspec.Struct):
    """What was said on the command line."""

    controller: str
    label: str
    argv: list[str]
    worker_id: str | None
    launcher: str
    profile: str
    kill_after_s: float
    keep: bool
    give_up_s: float
    quiet: bool
    json: bool | None


def parse(words: Sequence[str]) -> tuple[Arguments, Options]:
    """Read the command line; everything after `--` is the command's."""
    parser = _parser()
    own = list(words[: words.index("--")] if "--" in words else words)
    argv = list(words[len(own) + 1 :])
    found = parse_known(parser, normalized(own))
    options = read_options(found)
    missing = [flag for flag in ("controller", "label") if not getattr(found, flag)]
    if missing:
        raise Usage(f"penholder run needs {', '.join('--' + flag for flag in missing)}")
    if not argv:
        raise Usage("penholder run needs -- and then the command")
    if options.save and not options.take_over:
        raise Usage("--save goes with --take-over")
    return msgspec.convert({**vars(found), "argv": argv}, Arguments), options


def _parser() -> Parser:
    parser = Parser(
        prog="penholder run",
        usage="penholder run --controller ID --label TEXT [--flag value …] -- COMMAND …",
        description=_DESCRIPTION,
    )
    group = parser.add_argument_group("the worker")
    group.add_argument("--controller", metavar="ID", help="whose worker it is; required")
    group.add_argument("--label", metavar="TEXT", help="says what it is; required")
    group.add_argument("--worker-id", metavar="ID", help="made by the daemon if absent")
    group.add_argument("--launcher", default="penholder run", metavar="TEXT")
    group.add_argument("--profile", default="default", metavar="TEXT")
    group.add_argument("--kill-after-s", type=_seconds, default=5.0, metavar="S", help="default 5")
    group.add_argument(
        "--give-up-s",
        type=_seconds,
        default=300.0,
        metavar="S",
        help="how long the last output waits for a daemon that is away; default 300",
    )
    group.add_argument(
        "--keep",
        action="store_true",
        help="let the command go on if this program is killed; else a guard ends it then",
    )
    group.add_argument(
        "--quiet", action="store_true", help="do not copy the output to the terminal"
    )
    add_fence(parser)
    add_operation(group)
    add_common(parser, sockets=False)
    return parser


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds <= 86_400:
        raise argparse.ArgumentTypeError("must be between 0 and 86400")
    return seconds
