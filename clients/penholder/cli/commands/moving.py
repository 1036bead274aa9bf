"""`penholder import` and `penholder export`: the daemon's tools for moving in and out.

They work on the database itself, so no daemon may run meanwhile.
"""

from collections.abc import Sequence

from penholder.cli.commands import handing_over
from penholder.cli.terminal.options import Parser, add_common, normalized, parse_known, read_options

_SOURCES = ("subagent-cli", "blackboard", "langbot-state", "jsonl")
_IMPORT = """\
Carry over what another program kept in its own database, with its ids, numbers and times; or read
what `penholder export` wrote, into an empty database. All of it or nothing; twice adds nothing.
The daemon must be down."""
_THERE_AND_BACK = "take it there with `penholder store move --to sqlite:`, and back when it is done"
_EXPORT = """\
Write everything as JSON lines, to a new file or stdout. The daemon must be down."""


def run_import(words: Sequence[str]) -> int:
    """Carry out `penholder import words…`; does not return."""
    found = parse_known(_parser("import"), normalized(words))
    flags = ["--dry-run"] if found.dry_run else []
    if found.skip_bad is not None:
        flags.append(f"--skip-bad={found.skip_bad}")
    options = read_options(found)
    handing_over.require_a_file("import", _THERE_AND_BACK, options)
    handing_over.become("moving", ["import", *flags], options, [found.source, found.path])


def run_export(words: Sequence[str]) -> int:
    """Carry out `penholder export words…`; does not return."""
    found = parse_known(_parser("export"), normalized(words))
    options = read_options(found)
    handing_over.require_a_file("export", _THERE_AND_BACK, options)
    handing_over.become("moving", ["export"], options, [found.file])


def _parser(command: str) -> Parser:
    parser = Parser(
        prog=f"penholder {command}",
        description=_IMPORT if command == "import" else _EXPORT,
    )
    if command == "import":
        parser.add_argument("source", choices=_SOURCES, help="what kind of file it is")
        parser.add_argument("path", metavar="PATH", help="the file; - is stdin for jsonl")
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would be added, and add nothing"
        )
        parser.add_argument(
            "--skip-bad",
            metavar="FILE",
            help="move the rest where rows do not fit; write to a new file which, and why",
        )
    else:
        parser.add_argument("file", nargs="?", default="-", metavar="FILE", help="default stdout")
    add_common(parser, sockets=False)
    return parser
