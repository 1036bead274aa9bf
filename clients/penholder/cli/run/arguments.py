"""The command line of `penholder run`."""

import argparse
from collections.abc import Sequence

import msgspec

from penholder.cli.run import naming, own_words
from penholder.cli.run.restarts import POLICIES, Policy
from penholder.cli.terminal.failures import Usage
from penholder.cli.terminal.helping import described
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

LAUNCHER = "penholder run"
"""Of a worker that is made here, unless something else was said."""
_SUMMARY = """\
Run a command as a worker: its output becomes the worker's events. The command begins at the first
word that is no flag, and all after it is its own. Without --controller the worker is this
directory's; without --name it is called after the program, with a number. A daemon is started where
there is none."""
_EXAMPLES = (
    "penholder run make -j4",
    "penholder run -d --name api ./serve --port 80",
    "penholder run --pty vim notes.md",
    "penholder run -d --restart on-failure --env TOKEN -- ./serve",
)
_MORE = """\
With -d it returns when the command runs, and prints the name. The command outlives this terminal
then: below a unit of the user's systemd where there is one, else below a small process that keeps
it. Nothing that it has started outlives that, but for workers that it has made by penholder run -d
itself, which are no part of it.

The command finds its worker in PENHOLDER_WORKER_ID and its socket in PENHOLDER_SOCKET. When the
worker is canceled or stopped, or this program gets SIGINT, SIGTERM, SIGHUP or SIGQUIT, the whole
process group of the command gets SIGTERM (SIGQUIT for SIGQUIT) and, after --kill-after-s, SIGKILL,
and it is not started again. SIGTSTP stops both. If this program is killed, a guard ends the
command, unless --keep. What the command leaves behind in its process group has --kill-after-s to
end; what has left the group is named in an event process.left.

Its output becomes events of type output, a line each, with data {stream, text}; a piece of a line
longer than 64 KiB has continued: true, bytes that are no UTF-8 come as base64, a last line without
newline has newline: false. Before them comes process.started, after them process.exited. What is no
whole line yet comes with partial: true, continued: true and newline: false when nothing follows it
for 250 ms. While the daemon is away the output waits, and when that is much the command waits too.
What it asks (penholder ask) is told on stderr, with the word that answers it in another terminal.

Without --pty its stdin is this program's where that is a file or a pipe; of a terminal it gets
nothing but the end, as with </dev/null, since Ctrl-C and Ctrl-Z there are this program's. Its two
streams come in the order in which they could be read: what was written first comes first, but of
what it writes to both in one moment the lines of each stay together. Who needs each line in its
place writes both to one (2>&1), or uses --pty.

With --pty the command gets a terminal of its own. What it writes there is the stream stdout, with
crlf: true where a line ended as a terminal ends it. In a terminal all keys are the command's, also
Ctrl-C; where stdin is no terminal it is not read. penholder attach shows that terminal elsewhere,
penholder send types into it.

The exit code is the command's, 128 + N if signal N ended it, 127 if there is no such command, 126
if it cannot be run; 5 if another process took the worker's seat; else as of every command. With -d
it is 0 when the command runs, else 126 or 127, with the reason."""


class Arguments(msgspec.Struct):
    """What was said on the command line."""

    argv: list[str]
    controller: str | None = None
    label: str | None = None
    name: str | None = None
    worker_id: str | None = None
    launcher: str = LAUNCHER
    profile: str = "default"
    cwd: str | None = None
    host: str | None = None
    env: list[str] = []
    restart: Policy = "never"
    kill_after_s: float = 5.0
    keep: bool = False
    pty: bool = False
    detach: bool = False
    give_up_s: float = 300.0
    quiet: bool = False
    json: bool | None = None
    called: str | None = None
    """What names are made of, where that is not the program."""
    restarted_from: str | None = None
    """The ended worker in whose place this one is made."""


def parse(words: Sequence[str]) -> tuple[Arguments, Options]:
    """Read the command line; what is behind its own words is the command's."""
    own, argv = own_words.split(words)
    found = parse_known(parser(), normalized(own))
    options = read_options(found)
    arguments = msgspec.convert({**vars(found), "argv": argv}, Arguments)
    if not argv:
        raise Usage("penholder run needs a command, such as in: penholder run make -j4")
    if arguments.name is not None:
        if arguments.label is not None:
            raise Usage("pass --name or --label, not both: a name is the label, and nobody else's")
        naming.check(arguments.name)
    if arguments.pty and arguments.keep:
        raise Usage("pass --pty or --keep, not both: a terminal ends with who holds it")
    if options.save and not options.take_over:
        raise Usage("--save goes with --take-over")
    return arguments, options


def parser() -> Parser:
    """Make the parser of its own words."""
    made = Parser(
        prog="penholder run",
        usage="penholder run [-d] [--name NAME] [--flag value …] [--] COMMAND …",
        description=described(_SUMMARY, _EXAMPLES, _MORE),
    )
    _add_worker(made.add_argument_group("the worker"))
    _add_command(made.add_argument_group("the command"))
    add_fence(made)
    add_common(made, sockets=False)
    return made


def _add_worker(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--name",
        metavar="NAME",
        help="1 to 64 of A-Za-z0-9._-; no living worker's of the controller",
    )
    group.add_argument("--label", metavar="TEXT", help="says what it is, in any words; not checked")
    group.add_argument("--controller", metavar="ID", help="whose it is; default: the directory's")
    group.add_argument("--worker-id", metavar="ID", help="made by the daemon if absent")
    group.add_argument(
        "--host",
        metavar="NAME",
        help="on that host of the daemon's store (penholder host list), which a context of the"
        " clients' configuration with its name tells how to reach",
    )
    group.add_argument("--launcher", default=LAUNCHER, metavar="TEXT")
    group.add_argument("--profile", default="default", metavar="TEXT")
    add_operation(group)


def _add_command(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "-d", "--detach", action="store_true", help="in the background; returns when it runs"
    )
    group.add_argument(
        "--restart",
        choices=POLICIES,
        default="never",
        help="whether it is started again when it has ended: after 1 s, doubling to 60 s, from the"
        " beginning again after 60 s of life; on-failure: not after exit status 0",
    )
    group.add_argument("--cwd", metavar="DIR", help="where it runs; default: here")
    group.add_argument(
        "--env",
        action="append",
        default=[],
        metavar="NAME[=VALUE]",
        help="NAME=VALUE is stored with the worker, where others can read it; NAME alone passes"
        " this program's value on, and only the name is stored: so for secrets",
    )
    group.add_argument(
        "--pty",
        action="store_true",
        help="run it in a terminal of its own, for programs that people type to; with --quiet its"
        " keys do not come from here",
    )
    group.add_argument(
        "--kill-after-s",
        type=_seconds,
        default=5.0,
        metavar="S",
        help="SIGKILL so long after SIGTERM; default 5",
    )
    group.add_argument(
        "--keep",
        action="store_true",
        help="let the command go on if this program is killed; else a guard ends it then",
    )
    group.add_argument(
        "--give-up-s",
        type=_seconds,
        default=300.0,
        metavar="S",
        help="how long the last output waits for a daemon that is away; default 300",
    )
    group.add_argument(
        "--quiet",
        action="store_true",
        help="do not copy the output to the terminal, nor tell what is asked",
    )


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds <= 86_400:
        raise argparse.ArgumentTypeError("must be between 0 and 86400")
    return seconds
