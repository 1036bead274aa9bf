"""`penholder restore`: a backup in place of the database, while no daemon runs."""

from collections.abc import Sequence

from penholder.cli.commands import handing_over
from penholder.cli.terminal.options import Parser, add_common, normalized, parse_known, read_options

_DESCRIPTION = """\
Put a backup in place of the database. The daemon must be down. The backup is checked first, and the
database before it is kept in `backups`: restoring that one undoes this. Whoever held anything
(controllers, seats, claims) is fenced; epochs and positions go on above all that were given."""
_THERE = "restore with pg_restore, then say `penholder store restored`"


def run(words: Sequence[str]) -> int:
    """Carry out `penholder restore words…`; does not return."""
    parser = Parser(
        prog="penholder restore",
        description=_DESCRIPTION,
    )
    parser.add_argument("file", metavar="FILE", help="what penholder backup made")
    parser.add_argument(
        "--without-blobs",
        action="store_true",
        help="restore it even if bytes of blobs are missing or damaged: those are lost",
    )
    add_common(parser, sockets=False)
    found = parse_known(parser, normalized(words))
    flags = ["--without-blobs"] if found.without_blobs else []
    options = read_options(found)
    handing_over.require_a_file("restore", _THERE, options)
    handing_over.become("restoring", flags, options, [found.file])
