"""`penholder mcp`: the command, from its words to the end of the server."""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from penholder.cli.mcp import setup
from penholder.cli.mcp.server import Server, own_streams
from penholder.cli.terminal import screen
from penholder.cli.terminal.failures import Usage
from penholder.cli.terminal.helping import described
from penholder.cli.terminal.options import (
    Parser,
    add_common,
    add_operation,
    normalized,
    parse_known,
    read_options,
)

_NAME = r"[A-Za-z0-9._][A-Za-z0-9._-]{0,63}"
_CONTROLLER = r"[A-Za-z0-9._:-]{1,128}"
_MORE = """\
A client of the Model Context Protocol starts it and speaks to it over stdin and stdout, in either
era of the protocol (2025-11-25 with a handshake, 2026-07-28 without). It ends when its input ends,
or its parent.

The agent lists workers and reads what they do, of all controllers. It acts on workers of one: that
of --controller, else mcp-NAME, which this owns from its first act on and releases at its end.
Without --name that is called after the working directory.

Started inside a worker (PENHOLDER_WORKER_ID) it speaks for that worker alone, and answers nobody's
question. This is no boundary against processes of the same user, who may ask the daemon
themselves."""


def run(words: Sequence[str]) -> int:
    """Carry out `penholder mcp words…`; returns the exit code."""
    parser = Parser(
        prog="penholder mcp",
        usage="penholder mcp [--name NAME] [--controller ID|.] [--allow-decide]",
        description=described(
            "Serve the fleet to an agent, as tools of the Model Context Protocol on stdio.",
            [
                "claude mcp add penholder -- penholder mcp",
                "codex mcp add penholder -- penholder mcp --name codex",
                "penholder mcp --skill > .claude/skills/penholder/SKILL.md",
            ],
            _MORE,
        ),
    )
    _add_flags(parser)
    add_operation(parser.add_argument_group("where"))
    add_common(parser, sockets=False)
    found = parse_known(parser, normalized(words))
    if found.skill:
        print(skill(), end="")
        return 0
    _check(found)
    options = read_options(found)
    told = setup.read(options, found.name, found.controller, allow_decide=found.allow_decide)
    screen.tell_who_types(
        "penholder mcp: an agent starts this and speaks here in JSON; penholder help mcp shows how"
        " to have it do so. Ctrl-C ends it"
    )
    return Server(told, *own_streams()).run()


def skill() -> str:
    """Return the text that teaches an agent to ask through the inbox."""
    return Path(__file__).with_name("skill.md").read_text("utf-8")


def _add_flags(parser: Parser) -> None:
    parser.add_argument(
        "--name",
        metavar="NAME",
        help="1 to 64 of A-Za-z0-9._-; the controller mcp-NAME is its own; default: the directory's"
        " name and some digits",
    )
    parser.add_argument(
        "--controller",
        metavar="ID",
        help="own this controller instead; . is that of the directory, as of penholder run",
    )
    parser.add_argument(
        "--allow-decide",
        action="store_true",
        help="let the agent answer questions of workers; else only people do",
    )
    parser.add_argument(
        "--skill",
        action="store_true",
        help="print a text that teaches an agent to ask through the inbox, and end",
    )


def _check(found: argparse.Namespace) -> None:
    if found.name is not None and not re.fullmatch(_NAME, found.name):
        raise Usage("--name: 1 to 64 of A-Z a-z 0-9 . _ -, and no - at the beginning")
    if found.controller is not None and not re.fullmatch(_CONTROLLER, found.controller):
        raise Usage("--controller: 1 to 128 of A-Z a-z 0-9 . _ : -, or . for the directory's")
