"""`penholder import` and `penholder export`: the daemon's tools for moving in and out.

They work on the database itself, so no daemon may run meanwhile, and they run as a program of
their own: this one opens no database.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from penholder import paths
from penholder.commands.options import Parser, add_common, normalized, parse_known, read_options

_SOURCES = ("subagent-cli", "blackboard", "langbot-state", "jsonl")
_IMPORT = """\
Carry over what another program kept in its own database, with its ids, numbers and times; or read
what `penholder export` wrote, into an empty database. All of it or nothing; twice adds nothing.
The daemon must be down."""
_EXPORT = """\
Write everything as JSON lines, to a new file or stdout. The daemon must be down."""


def run(command: str, words: Sequence[str]) -> int:
    """Carry out `penholder import words…` or `penholder export words…`; does not return."""
    found = parse_known(_parser(command), normalized(words))
    options = read_options(found)
    argv = [sys.executable, "-P", "-m", "penholder_daemon.moving", command]
    argv += [f"--state-dir={os.path.abspath(options.state_dir or paths.default_state_dir())}"]
    if options.json is not None:
        argv.append("--json" if options.json else "--no-json")
    if command == "import":
        argv += ["--dry-run"] if found.dry_run else []
        argv += ["--", found.source, found.path]
    else:
        argv += ["--", found.file]
    sys.stdout.flush()
    os.execv(argv[0], argv)  # noqa: S606 - a program of ours, without a shell on purpose


def _parser(command: str) -> Parser:
    parser = Parser(
        prog=f"penholder {command}",
        description=_IMPORT if command == "import" else _EXPORT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    if command == "import":
        parser.add_argument("source", choices=_SOURCES, help="what kind of file it is")
        parser.add_argument("path", metavar="PATH", help="the file; - is stdin for jsonl")
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would be added, and add nothing"
        )
    else:
        parser.add_argument("file", nargs="?", default="-", metavar="FILE", help="default stdout")
    add_common(parser, sockets=False)
    return parser
